-- The event log. Rows are inserted and read, never changed: a long transaction elsewhere leaves no dead rows here.
--
-- Order. `seq` alone is no cursor, because sequence numbers become visible out of order. `stamp` is at least the number of
-- the writing transaction, so every row that is not visible yet has stamp >= the oldest running transaction, and a reader
-- that stays below that has a closed past. `stamp` is also at least the newest transaction that had ended when the event
-- was appended, so an event appended after another one was committed sorts behind it, even when its own transaction began
-- earlier. Under the key's lock that makes the order of one key the order of commits.
CREATE SEQUENCE log_seq AS bigint;

-- One row about the whole log.
CREATE TABLE log_house (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- Added to transaction numbers. It grows when the database was restored into another cluster, whose numbers are lower.
  stamp_base bigint NOT NULL DEFAULT 0,
  cluster_id bigint NOT NULL,
  -- The slot that writers use now, and since when.
  slot smallint NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 3),
  slot_since timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO log_house (cluster_id) SELECT system_identifier FROM pg_control_system();

-- A ring of four: the current one, those behind it, and one that is emptied (TRUNCATE costs the same for any number of
-- rows). No partition has to be made in time, so no missed maintenance can stop a writer.
CREATE TABLE log_events (
  slot smallint NOT NULL,
  stamp bigint NOT NULL,
  seq bigint NOT NULL,
  topic text NOT NULL CHECK (length(topic) BETWEEN 1 AND 64),
  key text NOT NULL CHECK (length(key) <= 200),
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
  version smallint NOT NULL CHECK (version >= 1),
  data jsonb NOT NULL CHECK (pg_column_size(data) <= 65536),
  at timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY LIST (slot);
CREATE TABLE log_events_0 PARTITION OF log_events FOR VALUES IN (0);
CREATE TABLE log_events_1 PARTITION OF log_events FOR VALUES IN (1);
CREATE TABLE log_events_2 PARTITION OF log_events FOR VALUES IN (2);
CREATE TABLE log_events_3 PARTITION OF log_events FOR VALUES IN (3);
CREATE INDEX log_events_order ON log_events (topic, stamp, seq);

-- The lock on the key is taken in its own statement: the INSERT's snapshot then sees the commit that it waited for.
CREATE FUNCTION log_append(new_topic text, new_key text, new_type text, new_version int, new_data jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(new_topic || chr(31) || new_key, 5202));
  INSERT INTO log_events (slot, stamp, seq, topic, key, type, version, data)
  SELECT slot,
    stamp_base + greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1),
    nextval('log_seq'), new_topic, new_key, new_type, new_version, new_data
  FROM log_house;
END $$;

-- Everything below this stamp is committed and visible to the calling statement, and nothing will ever be added there.
CREATE FUNCTION log_horizon() RETURNS bigint STABLE LANGUAGE sql
RETURN (SELECT stamp_base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM log_house);

-- Transaction numbers start again when a dump is restored into a new cluster. Then the base is lifted above all that was.
-- Returns true when this call did it.
CREATE FUNCTION log_adopt() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE here bigint;
BEGIN
  SELECT system_identifier INTO here FROM pg_control_system();
  IF EXISTS (SELECT FROM log_house WHERE cluster_id = here) THEN RETURN false; END IF;
  LOCK TABLE log_house IN ACCESS EXCLUSIVE MODE;
  UPDATE log_house SET cluster_id = here, stamp_base = greatest(stamp_base,
    (SELECT coalesce(max(stamp), 0) FROM log_events), (SELECT coalesce(max(stamp), 0) FROM log_positions)) + 1
  WHERE cluster_id <> here;
  RETURN FOUND;
END $$;

CREATE TABLE log_groups (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL CHECK (length(topic) BETWEEN 1 AND 64),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The state of failing; all zero and null while things go well, so this row is rarely written.
  tries integer NOT NULL DEFAULT 0,
  retry_at timestamptz,
  -- Up to here events come one at a time, so that only the bad one among them is retried and parked.
  single_stamp bigint NOT NULL DEFAULT 0,
  single_seq bigint NOT NULL DEFAULT 0,
  reason text CHECK (length(reason) <= 2000),
  UNIQUE (topic, name)
);

-- How far each group is. Each batch adds a row and the newest counts: updating one row instead would grow a chain of dead
-- versions to walk while a long transaction is open elsewhere. The key also refuses to commit one position twice.
CREATE TABLE log_positions (
  group_id integer NOT NULL REFERENCES log_groups (id) ON DELETE CASCADE,
  stamp bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (group_id, stamp, seq)
);

-- Events that a group could not handle. They wait here for a person; nothing deletes them.
CREATE TABLE log_parked (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id integer NOT NULL REFERENCES log_groups (id) ON DELETE CASCADE,
  stamp bigint NOT NULL,
  seq bigint NOT NULL,
  key text NOT NULL CHECK (length(key) <= 200),
  type text NOT NULL CHECK (length(type) <= 100),
  version smallint NOT NULL,
  data jsonb NOT NULL CHECK (pg_column_size(data) <= 65536),
  at timestamptz NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL,
  reason text NOT NULL CHECK (length(reason) <= 2000),
  -- Set by a person who wants it tried again.
  retry_wanted_at timestamptz,
  UNIQUE (group_id, stamp, seq)
);
CREATE INDEX log_parked_wanted ON log_parked (group_id, id) WHERE retry_wanted_at IS NOT NULL;
