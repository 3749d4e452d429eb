-- Lists of people and bookmarks come along as CSV too.
ALTER TABLE feed_imports DROP CONSTRAINT feed_imports_kind_check;
ALTER TABLE feed_imports ADD CONSTRAINT feed_imports_kind_check
  CHECK (kind IN ('follows', 'mutes', 'blocks', 'lists', 'bookmarks', 'posts'));

-- In what a line put its result (a list of people), and whether that was made for it: then it goes again when it is empty.
ALTER TABLE feed_import_lines ADD COLUMN about_id bigint, ADD COLUMN made boolean NOT NULL DEFAULT false;
