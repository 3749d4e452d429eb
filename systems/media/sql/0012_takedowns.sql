-- A film that moderators took out of sight is its owner's alone; `audience` and `space_id` say whose it will be again.
CREATE TABLE media_takedowns (
  video_id bigint PRIMARY KEY REFERENCES media_videos (id) ON DELETE CASCADE,
  at timestamptz NOT NULL,
  by_id bigint NOT NULL,
  audience text NOT NULL CHECK (audience IN ('public', 'followers', 'space', 'private')),
  space_id bigint
);
