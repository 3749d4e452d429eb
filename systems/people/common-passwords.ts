/**
 * The commonest passwords of 12 characters and more, as a short list and the few habits behind nearly all of them: a unit
 * repeated, a run over the keyboard or the alphabet, and one popular word dressed with digits and signs. The habits catch
 * what a list of any length misses (`Sunshine2031!!`), and the whole costs a few KB and no dependency.
 */
export function isCommonPassword(password: string): boolean {
  const plain = password.normalize("NFKC").toLowerCase();
  const bare = plain.replaceAll(/[^\p{L}\p{N}]/gu, "");
  return (
    LISTED.has(plain) ||
    LISTED.has(bare) ||
    isRepeated(plain) ||
    isRepeated(bare) ||
    isOneWordDressed(plain) ||
    isOneWordDressed(bare)
  );
}

/** A person's own name, a few signs and nothing else. `names` are handles, display names and the like. */
export function isMadeOfNames(password: string, names: string[]): boolean {
  const squeeze = (text: string) =>
    text
      .normalize("NFKC")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]/gu, "");
  let rest = squeeze(password);
  for (const name of names.map(squeeze).filter((n) => n.length >= 3)) rest = rest.replaceAll(name, "");
  return rest.length < REST_CHARS_MIN;
}
const REST_CHARS_MIN = 6;

const UNIT_CHARS_MAX = 6;

/** `abcabcabcabc`, `111111111111`, `la-la-la-la-`; the last unit may be cut short. */
function isRepeated(text: string): boolean {
  for (let unit = 1; unit <= Math.min(UNIT_CHARS_MAX, text.length >> 1); unit++) {
    let i = unit;
    while (i < text.length && text[i] === text[i - unit]) i++;
    if (i === text.length) return true;
  }
  return false;
}

const RUNS = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890123456789",
  "qwertyuiopåasdfghjklöäzxcvbnm",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "azertyuiopqsdfghjklmwxcvbn",
  "1234567890-=",
  "!@#$%^&*()_+",
  '!"#¤%&/()=',
  "1q2w3e4r5t6y7u8i9o0p",
  "q1w2e3r4t5y6u7i8o9p0",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "qazwsxedcrfvtgbyhnujmikolp",
  "zaq12wsxcde34rfvbgt56yhn",
  "147258369",
  "159357",
  "asdfghjkl",
  "zxcvbnm",
].flatMap((run) => [run, [...run].reverse().join("")]);

const RUN_CHARS_MIN = 3;
const SIGNS_MAX = 8;

/**
 * True when the text is runs, one popular word (again and again if it likes) and at most 8 other digits and signs.
 * Dynamic over positions and which word was used; ≤ 256 characters, so at most some 10⁵ cheap steps.
 */
function isOneWordDressed(text: string): boolean {
  const as_letters = unleet(text);
  return WORDS_AND_NONE.some(
    (word) => (text.includes(word) || as_letters.includes(word)) && covers(text, as_letters, word),
  );
}

function covers(text: string, as_letters: string, word: string): boolean {
  /** Fewest loose signs with which the first `i` characters can be explained. */
  const loose = new Array<number>(text.length + 1).fill(Number.POSITIVE_INFINITY);
  loose[0] = 0;
  for (let i = 0; i < text.length; i++) {
    const here = loose[i]!;
    if (here > SIGNS_MAX) continue;
    const reach = (to: number, cost: number) => {
      if (cost < loose[to]!) loose[to] = cost;
    };
    if (!/\p{L}/u.test(text[i]!)) reach(i + 1, here + 1);
    if (word !== "" && (text.startsWith(word, i) || as_letters.startsWith(word, i))) reach(i + word.length, here);
    for (const length of runLengths(text, i)) reach(i + length, here);
  }
  return loose[text.length]! <= SIGNS_MAX;
}

/** Every length at which a run of three or more begins here. */
function runLengths(text: string, at: number): number[] {
  let longest = 0;
  const head = text.slice(at, at + RUN_CHARS_MIN);
  if (head.length < RUN_CHARS_MIN) return [];
  for (const run of RUNS) {
    for (let from = run.indexOf(head); from >= 0; from = run.indexOf(head, from + 1)) {
      let length = RUN_CHARS_MIN;
      while (at + length < text.length && text[at + length] === run[from + length]) length++;
      longest = Math.max(longest, length);
    }
  }
  return longest === 0 ? [] : Array.from({ length: longest - RUN_CHARS_MIN + 1 }, (_, i) => i + RUN_CHARS_MIN);
}

/** Character by character, so that places stay where they are. */
const unleet = (text: string) =>
  text
    .replaceAll("4", "a")
    .replaceAll("@", "a")
    .replaceAll("3", "e")
    .replaceAll("1", "i")
    .replaceAll("!", "i")
    .replaceAll("0", "o")
    .replaceAll("$", "s")
    .replaceAll("5", "s")
    .replaceAll("7", "t");

/** The heads of the leaked lists, in a few languages: what people type when asked for a word. */
const WORDS =
  `password passwort passord losenord lösenord motdepasse contrasena contraseña senha wachtwoord adgangskode salasana parola haslo
  admin administrator root user guest test testing demo default changeme change secret login welcome willkommen valkommen välkommen letmein
  qwerty qwertz azerty asdf zxcv iloveyou loveyou jetaime teamo tequiero jagalskardig monkey dragon shadow master superman batman spiderman
  pokemon naruto minecraft fortnite starwars football fotboll baseball basketball soccer hockey liverpool chelsea arsenal barcelona
  realmadrid juventus manchester yankees lakers cowboys sunshine princess angel babygirl flower butterfly cheese chocolate cookie banana
  summer sommar winter vinter spring autumn fall hosten monday friday january february october november december
  charlie michael jessica jennifer ashley daniel jordan thomas robert andrew joshua matthew anthony nicole michelle samantha
  hunter ranger killer thunder phoenix eagle tiger panther wolf mustang ferrari porsche mercedes corvette harley yamaha
  computer internet samsung google facebook youtube apple iphone android windows microsoft whatever nothing trustno freedom
  family mother father mamma pappa jesus jesuschrist godisgood blessed hello hallo bonjour sverige sweden deutschland france london
  america canada brasil mexico india pakistan australia company office server database oracle cisco access system service support
  temp temporary p455w0rd passw pass pwd passphrase abcd abc hejhej hejsan stockholm folkhus`.split(/\s+/);
const WORDS_AND_NONE = ["", ...new Set(WORDS)];

/** What the habits do not cover: several words, and old favourites. */
const LISTED = new Set(
  `iloveyouforever iloveyousomuch iloveyoubaby ilovemyfamily ilovemymom loveyouforever letmeinplease letmeinnow openthedoor opensesame
  thisismypassword thisisapassword mypassword mypassword1 mypassword12 mypassword123 mypasswordis yourpassword newpassword1 newpassword123
  adminpassword adminadmin123 rootpassword userpassword testpassword testpassword1 testpassword123 defaultpassword masterpassword
  passwordispassword passwordpassword1 secretpassword changethispassword changemenow1 pleasechangeme changemeplease strongpassword
  supersecret1 supersecret123 topsecret123 administrator1 welcometothe welcomehome1 helloworld12 helloworld123 helloworld1234 hellohello12
  whatthefuck1 fuckyoubitch fuckyou12345 motherfucker manchesterunited realmadridcf1 fcbarcelona1 liverpoolfc1 spongebob123 spongebobsquarepants
  harrypotter1 harrypotter123 hannahmontana justinbieber onedirection1 greenday1234 metallica123 linkinpark12 mickeymouse1 winniethepooh
  teenagemutant bobmarley420 johncena1234 tinkerbell12 christopher1 alexander123 elizabeth123 trustno1trustno1 letmeinletmein
  correcthorse12 abcd1234abcd abcd12345678 1234567890qw 1q2w3e4r5t6y1q2w3e4r qwerty123456 asdfghjkl123 zxcvbnm12345 qwertyuiop12
  a1b2c3d4e5f6 a1s2d3f4g5h6 aa123456789a q1w2e3r4t5y6 123qweasdzxc qweasdzxc123 1qazxsw23edc qwe123asd456 asd123asd123 123456abcdef
  abc123abc123 abc123456789 123abc123abc 1234qwerasdf 123456qwerty 12345qwerty6 987654321abc 112233445566 010203040506 123123123123
  123321123321 121212121212 696969696969 102030405060 100200300400 111222333444 111111222222 000000111111 123654789123 147852369147
  159753159753 147258369147 789456123000 456789123456 314159265358 3141592653589 271828182845 999999999999`
    .split(/\s+/)
    .filter((password) => password.length >= 12),
);
