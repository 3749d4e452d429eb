-- What a moderator keeps out of trending. Lifting leaves the row: who barred what when and why, and who lifted it when.
CREATE TABLE feed_trending_bars (
  id bigint PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('hashtag', 'link', 'host', 'post')),
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 512),
  why text NOT NULL CHECK (length(why) BETWEEN 1 AND 500),
  barred_by bigint NOT NULL,
  barred_at timestamptz NOT NULL,
  lifted_by bigint,
  lifted_at timestamptz,
  CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))
);
CREATE UNIQUE INDEX feed_trending_bars_standing ON feed_trending_bars (kind, subject) WHERE lifted_at IS NULL;

-- One node's trending as of a position of the log, so that a start reads minutes of the log and not days.
CREATE TABLE feed_trending_states (
  id smallint PRIMARY KEY CHECK (id = 1),
  version integer NOT NULL,
  position text NOT NULL CHECK (length(position) <= 64),
  at timestamptz NOT NULL,
  state bytea NOT NULL CHECK (octet_length(state) <= 16777216)
);

-- An archive of what somebody wrote. One is being made at a time; the file goes a day after it is ready.
CREATE TABLE feed_exports (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('working', 'ready', 'failed', 'gone')),
  -- Under which address the house was asked: names of people and posts in the archive are complete.
  origin text NOT NULL CHECK (length(origin) <= 300),
  progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
  posts integer NOT NULL DEFAULT 0,
  files integer NOT NULL DEFAULT 0,
  left_out integer NOT NULL DEFAULT 0,
  size_bytes bigint,
  reason text CHECK (length(reason) <= 500),
  created_at timestamptz NOT NULL,
  ready_at timestamptz,
  expires_at timestamptz,
  CHECK ((state = 'ready') <= (size_bytes IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE UNIQUE INDEX feed_exports_one_at_a_time ON feed_exports (person_id) WHERE state = 'working';
CREATE INDEX feed_exports_by_person ON feed_exports (person_id, id DESC);
CREATE INDEX feed_exports_expiring ON feed_exports (expires_at) WHERE state = 'ready';

-- What somebody brought along, line by line.
CREATE TABLE feed_imports (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('follows', 'mutes', 'blocks', 'posts')),
  state text NOT NULL CHECK (state IN ('waiting', 'working', 'done', 'failed', 'undoing', 'undone')),
  -- The most that may see what is taken in.
  audience text CHECK (audience IN ('public', 'followers', 'private')),
  filename text NOT NULL CHECK (length(filename) <= 200),
  multipart_id text CHECK (length(multipart_id) <= 2000),
  -- Lines of a list, kept until they are worked through.
  csv text CHECK (length(csv) <= 2097152),
  lines integer NOT NULL DEFAULT 0,
  lines_done integer NOT NULL DEFAULT 0,
  reason text CHECK (length(reason) <= 500),
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  undone_at timestamptz
);
CREATE UNIQUE INDEX feed_imports_one_at_a_time ON feed_imports (person_id) WHERE state IN ('waiting', 'working', 'undoing');
CREATE INDEX feed_imports_by_person ON feed_imports (person_id, id DESC);
CREATE INDEX feed_imports_waiting ON feed_imports (created_at) WHERE state = 'waiting';

CREATE TABLE feed_import_lines (
  import_id bigint NOT NULL REFERENCES feed_imports (id),
  n integer NOT NULL CHECK (n >= 1),
  -- `taken` changed something here; `there` was so already; `left` was not taken, and `detail` says why.
  outcome text NOT NULL CHECK (outcome IN ('taken', 'there', 'left')),
  subject text NOT NULL CHECK (length(subject) <= 300),
  detail text CHECK (length(detail) <= 300),
  -- The post or person that it became.
  result_id bigint,
  undone_at timestamptz,
  PRIMARY KEY (import_id, n)
);

-- Posts that were first written elsewhere. `source` is their name there: the same is never taken in twice.
CREATE TABLE feed_imported_posts (
  post_id bigint PRIMARY KEY REFERENCES feed_posts (id),
  import_id bigint NOT NULL REFERENCES feed_imports (id),
  person_id bigint NOT NULL,
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 300),
  imported_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX feed_imported_posts_once ON feed_imported_posts (person_id, source);
CREATE INDEX feed_imported_posts_by_import ON feed_imported_posts (import_id);
