-- Streams: what happens in one place (a chat, a person's own things), numbered without gaps, so that a client that has
-- everything up to a number knows it.

-- One row about all streams.
CREATE TABLE realtime_house (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- Half of the epoch; the other half is the database's timeline. It changes when a dump is restored into another cluster.
  generation text NOT NULL CHECK (generation ~ '^[0-9a-f]{8}$'),
  cluster_id bigint NOT NULL,
  -- The slot that writers use now, and since when.
  slot smallint NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 3),
  slot_since timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO realtime_house (generation, cluster_id)
SELECT left(md5(random()::text || clock_timestamp()::text), 8), system_identifier FROM pg_control_system();

-- A stream's row is never deleted: its numbers go on from where they were, whatever was erased.
CREATE TABLE realtime_streams (
  stream text PRIMARY KEY CHECK (stream ~ '^[a-z]{1,32}:[A-Za-z0-9_-]{1,64}$'),
  last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
  last_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 70);

-- A ring of four: the current one, those behind it, and one that is emptied (TRUNCATE costs the same for any number of
-- rows). No partition has to be made in time, so no missed maintenance can stop a writer.
CREATE TABLE realtime_items (
  slot smallint NOT NULL,
  stream text NOT NULL,
  seq bigint NOT NULL CHECK (seq > 0),
  id bigint NOT NULL,
  kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_.]{0,39}$'),
  -- JSON, byte for byte as it goes over the line.
  data text NOT NULL CHECK (octet_length(data) BETWEEN 1 AND 16384),
  sender_id bigint,
  -- What the sender's device calls it, so that the same thing sent again is known.
  cid text CHECK (cid ~ '^[A-Za-z0-9_-]{1,64}$'),
  -- From this item on, may they still read? A person, or 0 for everybody.
  recheck_id bigint,
  at timestamptz NOT NULL,
  CHECK (cid IS NULL OR sender_id IS NOT NULL)
) PARTITION BY LIST (slot);
CREATE TABLE realtime_items_0 PARTITION OF realtime_items FOR VALUES IN (0);
CREATE TABLE realtime_items_1 PARTITION OF realtime_items FOR VALUES IN (1);
CREATE TABLE realtime_items_2 PARTITION OF realtime_items FOR VALUES IN (2);
CREATE TABLE realtime_items_3 PARTITION OF realtime_items FOR VALUES IN (3);
-- Uniqueness over all four is the stream's row lock, under which numbers are given and what was sent before is looked up.
CREATE UNIQUE INDEX realtime_items_order ON realtime_items (stream, seq, slot);
CREATE UNIQUE INDEX realtime_items_sent ON realtime_items (stream, sender_id, cid, slot) WHERE cid IS NOT NULL;

-- Changes when the database was restored: to another cluster (generation) or to a moment before (a new timeline, which
-- point-in-time recovery and the promotion of a replica both begin).
CREATE FUNCTION realtime_epoch() RETURNS text STABLE LANGUAGE sql
RETURN (SELECT generation || left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM realtime_house);

-- @returns true when this call found itself in another cluster
CREATE FUNCTION realtime_adopt() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE here bigint;
BEGIN
  SELECT system_identifier INTO here FROM pg_control_system();
  UPDATE realtime_house SET cluster_id = here, generation = left(md5(random()::text || clock_timestamp()::text), 8)
  WHERE cluster_id <> here;
  RETURN FOUND;
END $$;

-- Numbers and stores items in one round trip. Each is [id, kind, data, sender_id, cid, recheck_id]. The same sender's cid
-- again answers what it got the first time and adds nothing.
CREATE FUNCTION realtime_append(to_stream text, new_items jsonb)
RETURNS TABLE (place int, seq bigint, id bigint, at timestamptz, dup boolean, epoch text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  head bigint;
  latest timestamptz;
  now_slot smallint;
  now_epoch text := realtime_epoch();
  item jsonb;
  n int := 0;
  first record;
BEGIN
  -- The lock has a statement of its own: what comes after it sees the commit that it waited for.
  SELECT s.last_seq, s.last_at INTO head, latest FROM realtime_streams s WHERE s.stream = to_stream FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    INSERT INTO realtime_streams (stream) VALUES (to_stream) ON CONFLICT DO NOTHING;
    SELECT s.last_seq, s.last_at INTO head, latest FROM realtime_streams s WHERE s.stream = to_stream FOR NO KEY UPDATE;
  END IF;
  SELECT h.slot INTO now_slot FROM realtime_house h;
  -- To the millisecond, as it goes over the line; and never before the item before it.
  latest := greatest(latest, date_trunc('milliseconds', clock_timestamp()));
  FOR item IN SELECT value FROM jsonb_array_elements(new_items) WITH ORDINALITY ORDER BY ordinality LOOP
    n := n + 1;
    IF item ->> 4 IS NOT NULL THEN
      SELECT i.seq, i.id, i.at INTO first FROM realtime_items i
      WHERE i.stream = to_stream AND i.sender_id = (item ->> 3)::bigint AND i.cid = item ->> 4;
      IF FOUND THEN
        RETURN QUERY SELECT n, first.seq, first.id, first.at, true, now_epoch;
        CONTINUE;
      END IF;
    END IF;
    head := head + 1;
    INSERT INTO realtime_items (slot, stream, seq, id, kind, data, sender_id, cid, recheck_id, at)
    VALUES (now_slot, to_stream, head, (item ->> 0)::bigint, item ->> 1, item ->> 2, (item ->> 3)::bigint, item ->> 4,
      (item ->> 5)::bigint, latest);
    RETURN QUERY SELECT n, head, (item ->> 0)::bigint, latest, false, now_epoch;
  END LOOP;
  UPDATE realtime_streams s SET last_seq = head, last_at = latest WHERE s.stream = to_stream AND s.last_seq < head;
END $$;
