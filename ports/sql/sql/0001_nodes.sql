-- A node's number is the ten bits of node in every id it makes. Two live nodes must never share one, so it is leased.
CREATE TABLE sql_nodes (
  node smallint PRIMARY KEY CHECK (node BETWEEN 0 AND 1023),
  holder uuid NOT NULL,
  lease_until timestamptz NOT NULL,
  -- No id of this node is younger than this, whatever the clock of its next holder says.
  ids_until timestamptz NOT NULL
);
