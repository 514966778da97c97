-- The channel's number: of four known ones by name, else from the address.
CREATE SINK nexmark_q21 AS
SELECT auction, bidder, price, channel,
  CASE
    WHEN LOWER(channel) = 'apple' THEN '0'
    WHEN LOWER(channel) = 'google' THEN '1'
    WHEN LOWER(channel) = 'facebook' THEN '2'
    WHEN LOWER(channel) = 'baidu' THEN '3'
    ELSE (REGEXP_MATCH(url, '(&|^)channel_id=([^&]*)'))[2]
  END AS channel_id
FROM bid
WHERE (REGEXP_MATCH(url, '(&|^)channel_id=([^&]*)'))[2] IS NOT NULL
  OR LOWER(channel) IN ('apple', 'google', 'facebook', 'baidu')
WITH (connector = 'blackhole', type = 'append-only', force_append_only = 'true');
