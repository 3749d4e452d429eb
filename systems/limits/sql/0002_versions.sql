-- A number that was given to a set is never given to another, also where that one was thrown away: whoever still looks at the old one
-- would publish what they never saw.
CREATE SEQUENCE limits_versions;

-- Why somebody was refused is asked by whose key it is.
CREATE INDEX limits_refusals_of ON limits_refusals (subject, hour);
