-- A mail server refused for good: what is refused for the address itself stops all letters to it until somebody confirms it anew.
ALTER TABLE notify_addresses
  ADD COLUMN refused_at timestamptz,
  ADD COLUMN refused_words text CHECK (char_length(refused_words) <= 300),
  ADD CHECK ((refused_at IS NULL) = (refused_words IS NULL)),
  ADD CHECK (refused_at IS NULL OR confirmed_at IS NULL);
-- Why a letter ended as `failed`.
ALTER TABLE notify_digests ADD COLUMN reason text CHECK (char_length(reason) <= 400);
