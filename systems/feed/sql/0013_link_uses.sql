-- Who shows a card besides posts: what another system names, as `chat:5`. A card that is shown is not thrown away.
CREATE TABLE feed_link_uses (
  link_id bigint NOT NULL REFERENCES feed_links (id),
  holder text NOT NULL CHECK (holder ~ '^[a-z]{1,16}:[0-9]{1,19}$'),
  PRIMARY KEY (link_id, holder)
);
