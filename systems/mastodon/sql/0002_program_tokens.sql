-- Tokens that programs hold open Mastodon's door alone (MA20). Those given out before this are people's tokens too and were good
-- everywhere: which of them are a program's is known only here, so they are marked from here, once.
UPDATE people_tokens SET scopes = array_append(scopes, 'program')
WHERE id IN (SELECT token_id FROM mastodon_grants) AND NOT 'program' = ANY (scopes);
