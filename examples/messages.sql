-- A table as messages for a store of keys and values, and what was told of it before.
--   millrace run examples/messages.sql
CREATE TABLE account (id INT PRIMARY KEY, owner VARCHAR, balance INT);
INSERT INTO account VALUES (1, 'ann', 100), (2, 'bob', 50);
-- Positions 0 and 1 of the log; a view makes it a cycle.
CREATE MATERIALIZED VIEW total AS SELECT sum(balance) AS total FROM account;
FLUSH;
UPDATE account SET balance = 70 WHERE id = 1;
DELETE FROM account WHERE id = 2;
FLUSH;

-- One message for each key that a cycle has changed; a subscription with an end ends by itself.
SUBSCRIBE account ENVELOPE DEBEZIUM (KEY (id)) AS OF OFFSET 0 UP TO OFFSET 5;
-- > {"_state":"insert","id":1,"before_owner":null,"before_balance":null,"after_owner":"ann","after_balance":100}
-- > {"_state":"insert","id":2,"before_owner":null,"before_balance":null,"after_owner":"bob","after_balance":50}
-- > {"_state":"upsert","id":1,"before_owner":"ann","before_balance":100,"after_owner":"ann","after_balance":70}
-- > {"_state":"delete","id":2,"before_owner":"bob","before_balance":50,"after_owner":null,"after_balance":null}

-- The view as it was, and what has changed since.
SUBSCRIBE total AS OF OFFSET 2 UP TO OFFSET 5 WITH (_diff);
-- > {"_op":"+I","_diff":1,"total":150}
-- > {"_op":"-U","_diff":-1,"total":150}
-- > {"_op":"+U","_diff":1,"total":120}
-- > {"_op":"-U","_diff":-1,"total":120}
-- > {"_op":"+U","_diff":1,"total":70}
