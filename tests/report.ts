/** What a JUnit report says, as `bun test --reporter=junit` writes it: numbers, and what each failure and skip was. */
export interface Report {
  passed: number;
  failed: (Outcome & { reason: string })[];
  skipped: (Outcome & { reason: string | null })[];
  /** Files that reported at least one test. */
  files: Set<string>;
}

export interface Outcome {
  file: string;
  title: string;
}

const TAG = /<(\/?)(testsuite|testcase|skipped|failure|error)\b([^>]*?)(\/?)>/g;

export function readReport(junit: string): Report {
  const report: Report = { passed: 0, failed: [], skipped: [], files: new Set() };
  const suites: string[] = [];
  let test: { attributes: Record<string, string>; outcome: "passed" | "failed" | "skipped"; message: string } | null =
    null;
  const finish = () => {
    if (!test) return;
    const file = test.attributes.file ?? "";
    // The outermost suite is the file itself.
    const groups = suites.slice(1);
    const name = test.attributes.name ?? "";
    const outcome = { file, title: [...groups, name].join(" › ") };
    report.files.add(file);
    if (test.outcome === "passed") report.passed++;
    if (test.outcome === "failed") report.failed.push({ ...outcome, reason: test.message });
    if (test.outcome === "skipped") {
      report.skipped.push({ ...outcome, reason: reasonOf([test.message, name, ...groups.toReversed()]) });
    }
    test = null;
  };
  for (const found of junit.matchAll(TAG)) {
    const [whole, closing, tag, attributeText = "", selfClosing] = found;
    const attributes = attributesOf(attributeText);
    if (tag === "testsuite") {
      if (closing) suites.pop();
      else if (!selfClosing) suites.push(attributes.name ?? "");
    } else if (tag === "testcase") {
      if (!closing) test = { attributes, outcome: "passed", message: "" };
      if (closing || selfClosing) finish();
    } else if (test && !closing) {
      test.outcome = tag === "skipped" ? "skipped" : "failed";
      test.message = attributes.message ?? "";
      if (selfClosing || tag === "skipped") continue;
      // Bun writes the message with the place it came from as the element's text.
      const from = found.index + whole.length;
      test.message = decoded(junit.slice(from, junit.indexOf("<", from))).trim() || test.message;
    }
  }
  return report;
}

/**
 * Why a test was skipped stands in its title or in that of its group, because Bun's report has no other place for it:
 * in brackets at the end (`… (needs redis-server)`), or after a colon where no rule is quoted (`bubblewrap: not here`).
 */
function reasonOf(texts: string[]): string | null {
  for (const text of texts) {
    if (/^todo$/i.test(text)) return null;
    const bracketed = /[([]([^()[\]]+)[)\]]\s*$/.exec(text)?.[1];
    if (bracketed) return bracketed;
    if (!/^[A-Z]{2,4}\d+/.test(text) && /:\s*\S/.test(text)) return text;
  }
  return null;
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", "#10": "\n", "#13": "\r" };

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, decoded(value)]),
  );
}

const decoded = (text: string) => text.replaceAll(/&(#?\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
