-- Who hears all of a channel is asked at each message there: where a whole space writes that is who wishes it, so nobody does by
-- chance; what is announced is for everybody.
UPDATE chat_members m SET level = 'mentions' FROM chat_channels c
WHERE c.id = m.channel_id AND c.kind IN ('public', 'private') AND m.level = 'all';
CREATE INDEX chat_members_hear_all ON chat_members (channel_id, person_id) WHERE level = 'all';
