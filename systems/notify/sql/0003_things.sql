-- What another system took back is taken out of all inboxes that were told of it.
CREATE INDEX notify_items_by_thing ON notify_items (thing) WHERE thing IS NOT NULL;
