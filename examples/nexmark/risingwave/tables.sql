-- The events of the Nexmark benchmark as RisingWave's scripts spell them.
CREATE SOURCE nexmark (
  event_type BIGINT,
  person STRUCT<
    id BIGINT, name VARCHAR, email_address VARCHAR, credit_card VARCHAR, city VARCHAR, state VARCHAR,
    date_time TIMESTAMP, extra VARCHAR>,
  auction STRUCT<
    id BIGINT, item_name VARCHAR, description VARCHAR, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP,
    expires TIMESTAMP, seller BIGINT, category BIGINT, extra VARCHAR>,
  bid STRUCT<
    auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time TIMESTAMP, extra VARCHAR>,
  date_time TIMESTAMP AS CASE
    WHEN event_type = 0 THEN (person).date_time
    WHEN event_type = 1 THEN (auction).date_time
    ELSE (bid).date_time
  END,
  WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND
) WITH (
  connector = 'nexmark', profile = 'risingwave', nexmark.split.num = 1,
  nexmark.min.event.gap.in.ns = ${GAP}, nexmark.event.num = ${EVENTS_NUM}
);
CREATE VIEW person AS
  SELECT (person).id, (person).name, (person).email_address, (person).credit_card, (person).city, (person).state,
    date_time, (person).extra FROM nexmark WHERE event_type = 0;
CREATE VIEW auction AS
  SELECT (auction).id, (auction).item_name, (auction).description, (auction).initial_bid, (auction).reserve,
    date_time, (auction).expires, (auction).seller, (auction).category, (auction).extra
  FROM nexmark WHERE event_type = 1;
CREATE VIEW bid AS
  SELECT (bid).auction, (bid).bidder, (bid).price, (bid).channel, (bid).url, date_time, (bid).extra
  FROM nexmark WHERE event_type = 2;
