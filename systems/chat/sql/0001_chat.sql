-- Where people write to each other. A direct channel is of one pair, a group of whom it names; the rest stand in a space.
CREATE TABLE chat_channels (
  id bigint PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('direct', 'group', 'public', 'private', 'announcement')),
  space_id bigint,
  -- Of a direct channel: the smaller id first, so that a pair has one. Notes to oneself are a pair of one.
  low_id bigint,
  high_id bigint,
  name text CHECK (length(name) BETWEEN 1 AND 80),
  topic text NOT NULL DEFAULT '' CHECK (length(topic) <= 250),
  slow_mode_s integer NOT NULL DEFAULT 0 CHECK (slow_mode_s BETWEEN 0 AND 21600),
  retention_days integer CHECK (retention_days BETWEEN 1 AND 3650),
  members integer NOT NULL DEFAULT 0 CHECK (members >= 0),
  -- Of the newest message that stands in the channel and not in a thread alone. Given in the transaction that adds it.
  last_seq bigint NOT NULL DEFAULT 0,
  last_at timestamptz,
  created_by bigint NOT NULL,
  created_at timestamptz NOT NULL,
  archived_at timestamptz,
  archived_by bigint,
  CHECK ((kind IN ('direct', 'group')) = (space_id IS NULL)),
  CHECK ((kind = 'direct') = (low_id IS NOT NULL AND high_id IS NOT NULL)),
  CHECK (low_id IS NULL OR low_id <= high_id),
  CHECK ((archived_at IS NULL) = (archived_by IS NULL)),
  CHECK (kind NOT IN ('public', 'private', 'announcement') OR name IS NOT NULL)
);
CREATE UNIQUE INDEX chat_channels_of_pair ON chat_channels (low_id, high_id) WHERE kind = 'direct';
CREATE UNIQUE INDEX chat_channels_by_name ON chat_channels (space_id, lower(name)) WHERE space_id IS NOT NULL AND archived_at IS NULL;
CREATE INDEX chat_channels_to_trim ON chat_channels (id) WHERE retention_days IS NOT NULL;

-- Who is in a channel. Of a space's channels one must be a member of the space besides: that is asked of spaces.
CREATE TABLE chat_members (
  channel_id bigint NOT NULL REFERENCES chat_channels (id),
  person_id bigint NOT NULL,
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'moderator', 'member')),
  joined_at timestamptz NOT NULL,
  -- Read up to here, on every device. It never goes back.
  read_seq bigint NOT NULL DEFAULT 0 CHECK (read_seq >= 0),
  -- Marked unread from here on. While it stands, reading moves nothing.
  marked_seq bigint CHECK (marked_seq >= 1),
  muted_at timestamptz,
  -- Until when; null is until it is taken back.
  muted_until timestamptz,
  level text NOT NULL DEFAULT 'all' CHECK (level IN ('all', 'mentions', 'none')),
  favoured_at timestamptz,
  -- Out of the list until something new is written.
  hidden_at timestamptz,
  last_sent_at timestamptz,
  PRIMARY KEY (channel_id, person_id),
  CHECK (muted_at IS NOT NULL OR muted_until IS NULL)
);
CREATE INDEX chat_members_of_person ON chat_members (person_id, channel_id);
CREATE INDEX chat_members_read ON chat_members (channel_id, read_seq);

-- Partitioned by the id, whose high bits are milliseconds: by time, and yet found by id alone.
CREATE TABLE chat_messages (
  id bigint NOT NULL,
  channel_id bigint NOT NULL,
  -- The number that the channel's stream gave it when it was written. Other events take numbers too, so these have gaps.
  seq bigint NOT NULL CHECK (seq >= 1),
  author_id bigint NOT NULL,
  cid text CHECK (length(cid) BETWEEN 1 AND 64),
  body text NOT NULL CHECK (length(body) <= 8000),
  reply_to_id bigint,
  -- Of the message that began the thread in which this one stands.
  root_id bigint,
  -- False for an answer that stands in its thread alone.
  in_channel boolean NOT NULL,
  mention_ids bigint[] NOT NULL DEFAULT '{}' CHECK (cardinality(mention_ids) <= 50),
  mentions_all text CHECK (mentions_all IN ('channel', 'here')),
  image_ids bigint[] NOT NULL DEFAULT '{}' CHECK (cardinality(image_ids) <= 10),
  video_id bigint,
  version integer NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 101),
  replies integer NOT NULL DEFAULT 0 CHECK (replies >= 0),
  last_reply_at timestamptz,
  created_at timestamptz NOT NULL,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by bigint,
  pinned_at timestamptz,
  pinned_by bigint,
  words tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED,
  PRIMARY KEY (id),
  CHECK (root_id IS NOT NULL OR in_channel),
  CHECK ((deleted_at IS NULL) = (deleted_by IS NULL)),
  CHECK ((pinned_at IS NULL) = (pinned_by IS NULL)),
  CHECK (deleted_at IS NULL OR (body = '' AND video_id IS NULL AND cardinality(image_ids) = 0 AND pinned_at IS NULL)),
  CHECK (deleted_at IS NOT NULL OR body <> '' OR video_id IS NOT NULL OR cardinality(image_ids) > 0)
) PARTITION BY RANGE (id);
CREATE INDEX chat_messages_in_order ON chat_messages (channel_id, seq DESC);
CREATE INDEX chat_messages_in_channel ON chat_messages (channel_id, seq DESC) WHERE in_channel;
-- What is counted as unread: read from the index alone.
CREATE INDEX chat_messages_to_read ON chat_messages (channel_id, seq) INCLUDE (author_id) WHERE in_channel AND deleted_at IS NULL;
CREATE INDEX chat_messages_of_thread ON chat_messages (root_id, seq) WHERE root_id IS NOT NULL;
CREATE INDEX chat_messages_pinned ON chat_messages (channel_id, pinned_at DESC) WHERE pinned_at IS NOT NULL;
CREATE INDEX chat_messages_by_author ON chat_messages (author_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX chat_messages_by_words ON chat_messages USING gin (words);

-- One partition a month: this one, those just before, and some ahead; upkeep makes the next ones. What fits none stays in the last.
CREATE TABLE chat_messages_other PARTITION OF chat_messages DEFAULT;
CREATE FUNCTION chat_make_partition(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  epoch constant timestamptz := '2025-01-01T00:00:00Z';
  first bigint := (extract(epoch FROM (month::timestamp AT TIME ZONE 'UTC') - epoch) * 1000)::bigint << 22;
  next bigint := (extract(epoch FROM ((month + interval '1 month')::timestamp AT TIME ZONE 'UTC') - epoch) * 1000)::bigint << 22;
  name text := 'chat_messages_' || to_char(month, 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NOT NULL OR EXISTS (SELECT 1 FROM chat_messages_other WHERE id >= first AND id < next) THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF chat_messages FOR VALUES FROM (%s) TO (%s)', name, first, next);
END $$;
SELECT chat_make_partition((date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month')::date) FROM generate_series(0, 3) AS n;

-- What stood there before each edit; the message itself holds the newest version.
CREATE TABLE chat_edits (
  message_id bigint NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  body text NOT NULL CHECK (length(body) <= 8000),
  at timestamptz NOT NULL,
  PRIMARY KEY (message_id, version)
);

CREATE TABLE chat_reactions (
  message_id bigint NOT NULL,
  emoji text NOT NULL CHECK (length(emoji) BETWEEN 1 AND 32),
  person_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (message_id, emoji, person_id)
);

-- What somebody is writing, one a channel and thread (0 is the channel itself).
CREATE TABLE chat_drafts (
  person_id bigint NOT NULL,
  channel_id bigint NOT NULL REFERENCES chat_channels (id),
  root_id bigint NOT NULL DEFAULT 0,
  body text NOT NULL CHECK (length(body) BETWEEN 1 AND 8000),
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (person_id, channel_id, root_id)
);

CREATE TABLE chat_scheduled (
  id bigint PRIMARY KEY,
  channel_id bigint NOT NULL REFERENCES chat_channels (id),
  author_id bigint NOT NULL,
  root_id bigint,
  body text NOT NULL CHECK (length(body) BETWEEN 1 AND 8000),
  send_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  -- It could not be sent, and why.
  failed_code text CHECK (length(failed_code) <= 80),
  failed_detail text CHECK (length(failed_detail) <= 400),
  CHECK ((failed_code IS NULL) = (failed_detail IS NULL))
);
CREATE INDEX chat_scheduled_of_author ON chat_scheduled (author_id, send_at);

-- What a person says of themselves here. Whether they are here right now is never stored.
CREATE TABLE chat_preferences (
  person_id bigint PRIMARY KEY,
  receipts boolean NOT NULL DEFAULT true,
  presence boolean NOT NULL DEFAULT true,
  direct_from text NOT NULL DEFAULT 'everyone' CHECK (direct_from IN ('everyone', 'followed')),
  status_text text NOT NULL DEFAULT '' CHECK (length(status_text) <= 100),
  status_emoji text CHECK (length(status_emoji) BETWEEN 1 AND 32),
  status_until timestamptz,
  quiet_until timestamptz
);
