/**
 * Table: expressions that Millrace and DuckDB both know, with the kinds of their arguments.
 *
 * Format   ours | theirs, left out where it is the same | kinds of $0, $1, …
 * See      deviations.ts for what differs, and why
 */

const strings = `
ascii($0) | | text
bit_length($0) | | text
octet_length($0) | octet_length(encode($0)) | text
length($0) | | text
char_length($0) | length($0) | text
lower($0) | | text
upper($0) | | text
trim($0) | | text
ltrim($0) | | text
rtrim($0) | | text
ltrim($0, $1) | | text char
rtrim($0, $1) | | text char
btrim($0, $1) | trim($0, $1) | text char
chr($0) | chr($0::int) | whole
concat($0, $1, $2) | | text text whole
concat_ws($0, $1, $2) | | char text whole
$0 || $1 | | text char
contains($0, $1) | | text char
starts_with($0, $1) | | text char
ends_with($0, $1) | | text char
instr($0, $1) | | text char
strpos($0, $1) | | text char
position($0, $1) | strpos($1, $0) | char text
locate($0, $1) | strpos($1, $0) | char text
jaro_winkler($0, $1) | jaro_winkler_similarity($0, $1) | text text
levenshtein($0, $1) | | text text
left($0, $1) | | text small
right($0, $1) | | text small
lpad($0, $1, $2) | lpad($0, $1::int, $2) | text count char
rpad($0, $1, $2) | rpad($0, $1::int, $2) | text count char
repeat($0, $1) | | text small
replace($0, $1, $2) | | text char char
replace($0, 'a', 'x😀') | | text
replace($0, 'an', '') | | text
replace($0, 'aa', 'a') | | text
left($0, 3) | | text
left($0, -2) | | text
right($0, 3) | | text
right($0, -2) | | text
substring($0, 2, 3) | | text
substring($0, 3) | | text
substring($0, 1, 0) | | text
strpos($0, 'b') | | text
strpos($0, '😀') | | text
position('ab', $0) | strpos($0, 'ab') | text
concat($0, ':', $1, null) | | text whole
$0 || '-' || $1 || $0 | | text char
$0 like '%a%a%' | $0 like '%a%a%' escape '\\' | text
$0 like '_%_b_' | $0 like '_%_b_' escape '\\' | text
$0 like '%_😀%b%' | $0 like '%_😀%b%' escape '\\' | text
$0 not like 'a%!%b%' escape '!' | | text
reverse($0) | | text
md5($0) | | text
sha1($0) | | text
sha256($0) | | text
substring($0, $1) | | text small
substring($0, $1, $2) | | text small count
split_part($0, $1, $2) | | text char small
split($0, $1)[$2] | string_split($0, $1)[$2] | text char count
(string_split($0, ','))[2] | string_split($0, ',')[2] | text
hamming($0, $1) | | text text
jaro_similarity($0, $1) | | text text
strip_accents($0) | | text
split_index($0, $1, $2) | string_split($0, $1)[$2 + 1] | text char count
to_base64($0) | to_base64(encode($0)) | text
from_base64(to_base64($0)) | decode(from_base64(to_base64(encode($0)))) | text
to_hex($0) | lower(to_hex($0)) | text
to_hex($0) | lower(to_hex($0)) | whole
bin($0) | | whole
translate($0, $1, $2) | | text char char
url_encode($0) | replace(url_encode($0), '%20', '+') | text
url_decode($0) | | text
$0 like $1 | $0 like $1 escape '\\' | text mask
$0 like '%' || $1 || '%' | $0 like '%' || $1 || '%' escape '\\' | text char
$0 like 'a%' | | text
$0 like '%c' | | text
$0 like '_' | | text
$0 like '%a_b%' | | text
format('%s|%5s|%-5s|%d|%x', $0, $0, $0, $1, $1) | printf('%s|%5s|%-5s|%d|%x', $0, $0, $0, $1, $1) | char whole
format('%.2f|%10.3f|%e', $0, $0, $0) | printf('%.2f|%10.3f|%e', $0, $0, $0) | angle
format('%05d|%+d', $0, $0) | printf('%05d|%+d', $0, $0) | integer
$0 = $1 | | text text
$0 < $1 | | text text
$0 >= $1 | | text text
$0 <> $1 | | text char
greatest($0, $1) | | text text
least($0, $1, $2) | | text text text
coalesce($0, $1) | | text char
nullif($0, $1) | | text text
`

const patterns = `
regexp_like($0, 'a.') | regexp_matches($0, 'a.') | text
regexp_like($0, $1) | regexp_matches($0, $1) | text char
regexp_like($0, '^[A-Z]+$', 'i') | regexp_matches($0, '^[A-Z]+$', 'i') | text
regexp_substr($0, '[a-z]+') | nullif(regexp_extract($0, '[a-z]+'), '') | text
regexp_extract($0, '([a-z])([a-z,])', 2) | nullif(regexp_extract($0, '([a-z])([a-z,])', 2), '') | text
regexp_extract($0, '(\\w)=(\\w)') | nullif(regexp_extract($0, '(\\w)=(\\w)', 1), '') | text
regexp_replace($0, 'a(.)', '<\\1>') | | text
regexp_replace($0, '[aeiou]', '', 'g') | | text
regexp_replace($0, 'B', 'x', 'gi') | | text
regexp_extract_all($0, '[a-z]')[$1] | | text count
regexp_extract_all($0, '(a)(.)', 2)[2] | | text
regexp_full_match($0, '[a-z]*') | | text
regexp_full_match($0, 'A.*', 'i') | | text
regexp_count($0, 'a') | len(regexp_extract_all($0, 'a')) | text
`

const numbers = `
abs($0) | | whole
abs($0) | | integer
abs($0) | | double
abs($0) | | decimal
abs($0) | | wide
sign($0) | | whole
sign($0) | | double
sign($0) | | decimal
ceil($0) | | double
floor($0) | | double
ceil($0) | | decimal
floor($0) | | decimal
ceil($0) | | wide
floor($0) | | wide
round($0) | | double
round($0, 2) | | double
round($0) | | decimal
round($0, 2) | | decimal
round($0, -2) | | decimal
round($0, 2) | | wide
round($0, -1) | | integer
trunc($0) | | double
trunc($0) | | decimal
sqrt($0) | | double
cbrt($0) | | double
exp($0) | | angle
ln($0) | | double
log10($0) | | double
log($0) | | double
log2($0) | | double
log($0, $1) | | double double
power($0, $1) | | angle angle
acos($0) | | angle
asin($0) | | angle
asinh($0) | | angle
acosh($0) | | angle
atanh($0) | | angle
atan($0) | | double
atan2($0, $1) | | angle angle
cos($0) | | angle
cosh($0) | | angle
cot($0) | | angle
sin($0) | | angle
sinh($0) | | angle
tan($0) | | angle
tanh($0) | | angle
degrees($0) | | double
radians($0) | | double
pi() | | 
isnan($0) | | double
isinf($0) | | double
isfinite($0) | | double
factorial($0) | factorial($0::int)::bigint | small
gcd($0, $1) | gcd($0, $1)::bigint | whole whole
lcm($0, $1) | lcm($0, $1)::bigint | whole whole
bit_count($0) | | whole
-$0 | | integer
-$0 | | whole
-$0 | | double
-$0 | | decimal
$0 + $1 | | whole whole
$0 - $1 | | integer integer
$0 * $1 | | whole whole
$0 / $1 | $0 // $1 | whole whole
$0 % $1 | | whole whole
mod($0, $1) | $0 % $1 | integer integer
$0 + $1 | | tinyint tinyint
$0 * $1 | | smallint smallint
$0 + $1 | | double double
$0 * $1 | | double double
$0 / $1 | | double double
$0 + $1 | | real real
$0 * $1 | | real real
$0 + $1 | | decimal decimal
$0 - $1 | | decimal decimal
$0 * $1 | | decimal decimal
$0 % $1 | | decimal decimal
$0 + $1 | | decimal whole
$0 * $1 | | decimal integer
$0 + $1 | | wide wide
$0 + $1 | | decimal double
$0 = $1 | | whole double
$0 < $1 | | decimal double
$0 < $1 | | whole decimal
$0 = $1 | | decimal wide
$0 <= $1 | | double double
$0 > $1 | | real double
$0 between $1 and $2 | | whole whole whole
$0 in (1, 7, 255, null) | | whole
$0 is distinct from $1 | | double double
greatest($0, $1, $2) | | whole whole whole
least($0, $1) | | double double
greatest($0, $1) | | decimal whole
coalesce($0, $1) | | decimal whole
nullif($0, $1) | | whole integer
case when $0 > 0 then $0 when $0 < -5 then $1 end | | whole whole
if($0 > 0, $0, $1) | | integer integer
`

const times = `
extract(year from $0) | | timestamp
extract(quarter from $0) | | timestamp
extract(month from $0) | | timestamp
extract(week from $0) | | timestamp
extract(day from $0) | | timestamp
extract(hour from $0) | | timestamp
extract(minute from $0) | | timestamp
extract(second from $0) | | timestamp
extract(millisecond from $0) | | timestamp
extract(microsecond from $0) | | timestamp
extract(dow from $0) | | timestamp
extract(doy from $0) | | timestamp
extract(epoch from $0) | | timestamp
extract(week from $0) | | date
extract(doy from $0) | | date
extract(hour from $0) | | time
extract(second from $0) | | time
extract(hour from $0) | | timestamptz
date_part('month', $0) | | date
date_trunc('year', $0) | | timestamp
date_trunc('quarter', $0) | | timestamp
date_trunc('month', $0) | | timestamp
date_trunc('week', $0) | | timestamp
date_trunc('day', $0) | | timestamp
date_trunc('hour', $0) | | timestamp
date_trunc('minute', $0) | | timestamp
date_trunc('second', $0) | | timestamp
date_trunc('millisecond', $0) | | timestamp
date_trunc('month', $0) | | date
date_diff('year', $0, $1) | | timestamp timestamp
date_diff('quarter', $0, $1) | | timestamp timestamp
date_diff('month', $0, $1) | | timestamp timestamp
date_diff('week', $0, $1) | | timestamp timestamp
date_diff('day', $0, $1) | | timestamp timestamp
date_diff('hour', $0, $1) | | timestamp timestamp
date_diff('minute', $0, $1) | | timestamp timestamp
date_diff('second', $0, $1) | | timestamp timestamp
date_diff('millisecond', $0, $1) | | timestamp timestamp
date_diff('decade', $0, $1) | | timestamp timestamp
date_diff('century', $0, $1) | | timestamp timestamp
datediff('day', $0, $1) | date_diff('day', $0, $1) | date date
timestampdiff(year, $0, $1) | date_sub('year', $0, $1) | timestamp timestamp
timestampdiff(quarter, $0, $1) | date_sub('quarter', $0, $1) | timestamp timestamp
timestampdiff(month, $0, $1) | date_sub('month', $0, $1) | timestamp timestamp
timestampdiff(week, $0, $1) | date_sub('week', $0, $1) | timestamp timestamp
timestampdiff(day, $0, $1) | date_sub('day', $0, $1) | timestamp timestamp
timestampdiff(hour, $0, $1) | date_sub('hour', $0, $1) | timestamp timestamp
timestampdiff(second, $0, $1) | date_sub('second', $0, $1) | timestamp timestamp
timestampadd(month, $1, $0) | $0 + to_months($1::int) | timestamp small
timestampadd(year, $1, $0) | $0 + to_years($1::int) | timestamp small
timestampadd(day, $1, $0) | $0 + to_days($1::int) | timestamp small
timestampadd(hour, $1, $0) | $0 + to_hours($1) | timestamp small
date_add($0, $1) | | timestamp interval
date_sub($0, $1) | $0 - $1 | timestamp interval
date_add($0, $1) | $0 + $1 | timestamp months
age($0, $1) | | timestamp timestamp
age($0, $1) | age($0::timestamp, $1::timestamp) | date date
$0 + $1 | | timestamp period
$0 - $1 | | timestamp period
$0 + $1 | | date period
$0 + $1 | | period period
$0 - $1 | | period interval
$0 + $1 | | months interval
$0 * $1 | | period small
-($0) | | period
$0 = $1 | | period period
$0 < $1 | | period interval
$0 >= $1 | | months period
extract(year from $0) | | period
extract(month from $0) | | period
extract(day from $0) | | period
extract(epoch from $0) | | period
cast($0 as interval) | | interval
$0 + $1 | | timestamp interval
$0 - $1 | | timestamp interval
$0 + $1 | | timestamp months
$0 - $1 | | timestamp months
$0 + $1 | | date interval
$0 - $1 | | date date
$0 + $1 | | date integer
$0 + $1 | | time interval
$0 < $1 | | timestamp timestamp
$0 = $1 | | date timestamp
$0 >= $1 | | time time
$0 > $1 | | timestamptz timestamptz
century($0) | | timestamp
decade($0) | | timestamp
millennium($0) | | timestamp
extract(century from $0) | | date
isoyear($0) | | timestamp
weekofyear($0) | | timestamp
yearweek($0) | | timestamp
make_time($0, $1, 5.25) | | small small
to_days($0) | to_days($0::int) | small
to_hours($0) | | small
to_months($0) | to_months($0::int) | small
to_seconds($0) | | angle
$0 at time zone 'Europe/Berlin' | | timestamp
$0 at time zone 'America/New_York' | | timestamptz
timezone('Asia/Kolkata', $0) | | timestamptz
convert_tz($0, 'UTC', 'Australia/Lord_Howe') | ($0 at time zone 'UTC') at time zone 'Australia/Lord_Howe' | timestamp
convert_tz($0, 'America/Sao_Paulo', 'UTC') | ($0 at time zone 'America/Sao_Paulo') at time zone 'UTC' | timestamp
dayname($0) | | timestamp
monthname($0) | | timestamp
dayofweek($0) | dayofweek($0) + 1 | timestamp
isodow($0) | | timestamp
epoch_ms($0) | | timestamp
epoch_us($0) | | timestamp
last_day($0) | | timestamp
last_day($0) | | date
make_date($0, $1, $2) | | small small small
make_date(2024, $0, $1) | | count count
make_timestamp($0) | | whole
make_timestamp(2024, 2, 29, $0, $1, 5.5) | | small small
strftime($0, '%Y-%m-%d %H:%M:%S') | | timestamp
strftime($0, '%a %A %b %B %d %f %g %G %H %I %j %m %M %p %S %u %V %w %y %%') | | timestamp
strftime($0, '%-d.%-m.%y %-H:%-M %-I') | | timestamp
strftime($0, '%U %W') | | timestamp
strptime(strftime($0, '%Y-%m-%d %H:%M:%S'), '%Y-%m-%d %H:%M:%S') | | timestamp
strptime(strftime($0, '%d/%b/%Y %I:%M %p'), '%d/%b/%Y %I:%M %p') | | timestamp
strptime(strftime($0, '%y%m%d %H%M'), '%y%m%d %H%M') | | timestamp
strptime($0, '%y') | strptime($0, '%y') | clocks
strptime($0, '%Y') | | text
time_bucket($0, $1) | | interval timestamp
time_bucket($0, $1, $2) | | interval timestamp timestamp
time_bucket($0, $1) | | months timestamp
date_bin($0, $1, $2) | time_bucket($0, $1, $2) | interval timestamp timestamp
to_timestamp($0) | to_timestamp($0)::timestamp | angle
unix_timestamp($0) | epoch_us($0) // 1000000 - (case when epoch_us($0) % 1000000 < 0 then 1 else 0 end) | timestamp
date_format($0, 'yyyy-MM-dd HH:mm:ss.SSSSSS') | strftime($0, '%Y-%m-%d %H:%M:%S.%f') | timestamp
date_format($0, 'EEEE d MMMM yy h a DDD') | strftime($0, '%A %-d %B %y %-I %p %j') | timestamp
to_char($0, 'YYYY-MM-DD HH24:MI:SS.US') | strftime($0, '%Y-%m-%d %H:%M:%S.%f') | timestamp
to_char($0, 'Dy, FMDD Mon YYYY HH12 AM IYYY IW DDD') | strftime($0, '%a, %-d %b %Y %I %p %G %V %j') | timestamp
greatest($0, $1) | | timestamp timestamp
coalesce($0, $1) | | date timestamp
`

const documents = `
json_valid($0) | | text
json_valid($0) | | document
$0 is json | json_valid($0) | text
$0 is not json array | json_type($0) <> 'ARRAY' | document
json_array_length($0) | | document
jsonb_path_exists($0, $1) | json_exists($0, $1) | document path
json_extract($0, $1) | | document path
json_extract_string($0, $1) | | document path
json_typeof($0) = 'number' | json_type($0) in ('UBIGINT', 'BIGINT', 'DOUBLE') | document
json_typeof($0) = 'array' | json_type($0) = 'ARRAY' | document
json_value($0, $1) | if(json_type($0, $1) in ('OBJECT', 'ARRAY'), null, json_extract_string($0, $1)) | document path
json_query($0, $1) | if(json_type($0, $1) in ('OBJECT', 'ARRAY'), json_extract($0, $1), null) | document path
json_build_array($0, $1, $2) | json_array($0, $1, $2) | text whole boolean
json_build_object('a', $0, 'b', $1) | json_object('a', $0, 'b', $1) | text integer
to_json($0) | | text
to_json($0) | | boolean
to_json($0) | | integer
json_serialize($0) | cast($0 as json)->'$' | document
`

const booleans = `
$0 and $1 | | boolean boolean
$0 or $1 | | boolean boolean
not $0 | | boolean
$0 is true | | boolean
$0 is not false | | boolean
$0 is null | | double
$0 = $1 | | boolean boolean
case $0 when true then 1 when false then 2 end | | boolean
`

const operators = `
$0 & $1 | | whole whole
$0|$1 | | whole whole
$0 # $1 | xor($0, $1) | whole whole
~ $0 | | whole
~ $0 + $1 | | small small
$0 & $1 + $2 | | small small small
$0 + $1 & $2 | | small small small
$0 >> 3 | | count
$0 ilike $1 | $0 ilike $1 escape '\\' | text mask
$0 not ilike $1 | $0 not ilike $1 escape '\\' | text mask
$0 between symmetric $1 and $2 | $0 between $1 and $2 or $0 between $2 and $1 | small small small
$0 <=> $1 | $0 is not distinct from $1 | small small
$0 ^ 2 | | small
$0 ** 2 | | small
trim(leading $1 from $0) | ltrim($0, $1) | text char
trim(trailing $1 from $0) | rtrim($0, $1) | text char
trim($1 from $0) | trim($0, $1) | text char
position($1 in $0) | | text char
substring($0 from $1 for $2) | substring($0, $1, $2) | text count count
try($0 // $1) | case when $1 <> 0 then $0 // $1 end | small small
typeof($0 & $1) | typeof($0 & $1) | whole whole
`

const arrays = `
[$0, $1][$2] | | whole whole small
array_to_string([$0, $1, $2], '-') | | text text text
len([$0, $1]) | | text text
list_contains([$0, $1], $2) | | text text text
list_position([$0, $1, $0], $2) | | whole whole whole
array_to_string(list_sort([$0, $1, $2]), ',') | | whole whole whole
array_to_string(list_reverse_sort([$0, $1, $2]), ',') | | whole whole whole
array_to_string(list_sort([$0, $1, $2], 'desc', 'nulls first'), ',') | | whole whole whole
array_to_string([$0, $1] || [$2], ',') | | whole whole whole
array_to_string([$0, $1, $2][2:], ',') | | whole whole whole
array_to_string([$0, $1, $2][:2], ',') | | whole whole whole
list_min([$0, $1, $2]) | | whole whole whole
list_max([$0, $1, $2]) | | text text text
list_unique([$0, $1, $2]) | | text text text
list_has_any([$0, $1], [$2]) | | whole whole whole
[$0, $1] = [$1, $0] | | whole whole
[$0, $1] < [$1, $2] | | whole whole whole
[$0] < [$1, $2] | | text text text
array_to_string(list_filter([$0, $1], x -> x > $2), ',') | | whole whole whole
list_reduce([$0, $1, $2], (a, x) -> greatest(a, x)) | | whole whole whole
len(flatten([[$0], [$1, $2]])) | | whole whole whole
array_extract([$0, $1], $2) | | whole whole small
array_slice([$0, $1, $0], 2, 3) = [$1, $0] | | whole whole
list_append([$0], $1) = [$0, $1] | | whole whole
list_prepend($0, [$1]) = [$0, $1] | | whole whole
list_sort(list_distinct([$0, $1, $2])) = [$0, $1, $2] | | whole whole whole
list_sum([$0, $1, $2]) | | small small small
list_avg([$0, $1, $2]) | | small small small
list_has_all([$0, $1], [$2]) | | whole whole whole
list_position(list_transform([$0, $1], x -> x = $2), true) | | whole whole whole
list_distance([$0, $1], [$2, 1.5]) | | small small small
list_cosine_distance([$0, $1], [$2, 1.5]) | | small small small
list_inner_product([$0, $1], [$2, 1.5]) | | small small small
map_keys(map {'b': $0, 'a': $1})[1] | 'a' | whole whole
len(range($0, $1, 3)) | | small small
len(generate_series($0, $1)) | | small small
map {'a': $0, 'b': $1}['b'] | | whole whole
array_to_string(string_split($0, 'a'), '-') | | text
array_to_string(regexp_extract_all($0, '[a-z]'), '-') | | text
`

export interface Line {
  ours: string
  theirs: string
  kinds: string[]
}

function linesOf(text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [ours, theirs, kinds] = line.split(/ \|(?= |$)/).map((part) => part.trim())
      return {
        ours: ours!,
        theirs: theirs || ours!,
        kinds: (kinds ?? '').split(' ').filter((kind) => kind !== ''),
      }
    })
}

export const chapters: Readonly<Record<string, Line[]>> = {
  strings: linesOf(strings),
  patterns: linesOf(patterns),
  numbers: linesOf(numbers),
  times: linesOf(times),
  documents: linesOf(documents),
  booleans: linesOf(booleans),
  operators: linesOf(operators),
  arrays: linesOf(arrays),
}
