/**
 * Library: the scalar functions that take their arguments as values and have no rule of their own: names, types, when
 * they give NULL or fail, what they do and an example each.
 *
 * Format   one function per line: names(argument types) result marks | example | what the example gives | meaning.
 *          Names after the first are aliases; lines of one name are its variants, the first that takes the arguments
 *          counts. Types: text (VARCHAR), whole (BIGINT), double, decimal, number (any numeric type as it is),
 *          boolean, timestamp (a DATE too), zoned (TIMESTAMPTZ), date, time, interval, months, period (any INTERVAL), any (as its text), bytes (VARBINARY), geometry;
 *          array, element (all of them of one type T: T[] and T), arrays (T[][]), numbers (T[] of a numeric T), doubles
 *          (DOUBLE[]), texts (VARCHAR[]), geometries (GEOMETRY[]), map, key, value (all of one MAP(K, V));
 *          `[, type]` may be left out, `type…` comes any number of times. Result `same` is the type of the first argument, `inner` T[] of T[][],
 *          `total` of a sum, texts VARCHAR[], wholes BIGINT[], keys K[], values V[], entries STRUCT(key, value)[]. Marks: ? may be NULL though no
 *          argument is; ! may fail; ~ fails only where its pattern, its second argument, is none; * is given NULLs.
 *          Without * NULL in any argument gives NULL.
 * Contract 1 (checked) every line has an implementation in src/runtime/expression/library.ts, and its example gives
 *            what stands here; docs/functions.md is made from this table.
 * See      function.ts in bind for the functions that choose their types by rules
 */

const strings = `
ascii(text) whole | ascii('é') | 233 | code point of the first character, 0 of ''
bit_length(text) whole | bit_length('é') | 16 | bits of the UTF-8 text
btrim(text[, text]) text | btrim('xxhixy', 'xy') | hi | without the characters of the second argument, or blanks, at both ends
chr(whole) text ! | chr(8364) | € | the character of a code point; fails where there is none
concat_ws(text, any…) text * | concat_ws('-', 'a', NULL, 1) | a-1 | the arguments behind the first, joined by it; NULLs are left out, NULL only if the separator is
contains(text, text) boolean | contains('stream', 'rea') | true | does the second argument stand in the first?
count_char(text, text) whole | count_char('banana', 'a') | 3 | how often the first character of the second argument stands in the first; 0 for ''
ends_with suffix(text, text) boolean | ends_with('stream', 'am') | true | does the text end so?
format printf(text, any…) text ! | format('%s is %5.1f%%', 'a', 12.345) | a is  12.3% | %s %d %f %e %x %c with flags - + 0 and a space, width and precision, as in C; %% is a percent sign; fails for too few or unfit arguments
initcap(text) text | initcap('hello wide WORLD') | Hello Wide World | the first letter of every word in upper case, the others in lower case
instr strpos(text, text) whole | instr('stream', 'rea') | 3 | place of the second argument in the first, 0 if it is not there
hamming mismatches(text, text) whole ! | hamming('karolin', 'kathrin') | 3 | places at which two texts of one length differ; fails where the lengths do
jaro_similarity(text, text) double | round(jaro_similarity('martha', 'marhta'), 6) | 0.944444 | similarity of Jaro between 0 and 1
jaro_winkler jaro_winkler_similarity(text, text) double | jaro_winkler('martha', 'marhta') | 0.9611111111111111 | similarity between 0 and 1; a common beginning counts where it is above 0.7 without
left(text, whole) text | left('stream', 3) | str | the first n characters; all but the last −n where n is negative
levenshtein editdist3(text, text) whole | levenshtein('kitten', 'sitting') | 3 | least number of characters to insert, delete or replace
locate(text, text[, whole]) whole | locate('a', 'banana', 3) | 4 | place of the first argument in the second, from a place on; 0 if it is not there
lpad(text, whole[, text]) text ! | lpad('7', 3, '0') | 007 | filled up on the left to n characters, or cut to them
ltrim(text[, text]) text | ltrim('  hi ') | hi  | without the characters (blanks) at the beginning
md5(text) text | md5('a') | 0cc175b9c0f1b6a831c399e269772661 | hexadecimal digest of the UTF-8 text
octet_length(text) whole | octet_length('é') | 2 | bytes of the UTF-8 text
overlay(text, text, whole[, whole]) text ! | overlay('stream', 'XY', 2, 3) | sXYam | with the second argument in place of the characters from a place on, by default as many as it has
parse_url(text, text[, text]) text ? | parse_url('https://a.b/c?k=v#f', 'QUERY', 'k') | v | HOST PATH QUERY REF PROTOCOL FILE AUTHORITY USERINFO of a URL, or one key of its query; NULL where there is none
position(text, text) whole | position('rea', 'stream') | 3 | place of the first argument in the second, 0 if it is not there
repeat(text, whole) text ! | repeat('ab', 3) | ababab | n times; fails beyond 16 MB
replace(text, text, text) text | replace('banana', 'an', 'x') | bxxa | every occurrence of the second argument replaced by the third
reverse(text) text | reverse('añb') | bña | the characters from the last to the first
right(text, whole) text | right('stream', 2) | am | the last n characters; all but the first −n where n is negative
rpad(text, whole[, text]) text ! | rpad('7', 3, '-') | 7-- | filled up on the right to n characters, or cut to them
rtrim(text[, text]) text | rtrim('hixyx', 'xy') | hi | without the characters (blanks) at the end
sha1(text) text | sha1('a') | 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8 | hexadecimal digest of the UTF-8 text
sha256(text) text | left(sha256('a'), 16) | ca978112ca1bbdca | hexadecimal digest of the UTF-8 text
sha512(text) text | left(sha512('a'), 16) | 1f40fc92da241694 | hexadecimal digest of the UTF-8 text
split_element(text, text, whole) text ? | split_element('a,b,c', ',', 2) | b | string_split(x, y)[n], also split(x, y)[n]: part n of the text between separators, counted from 1; NULL where there is none
split_index(text, text, whole) text ? | split_index('a,b,c', ',', 1) | b | part n of the text between separators, counted from 0; NULL where there is none
split_part(text, text, whole) text ! | split_part('a,b,c', ',', 2) | b | part n of the text between separators, counted from 1, from the end where n is negative; '' where there is none; fails for 0
starts_with prefix(text, text) boolean | starts_with('stream', 'st') | true | does the text begin so?
string_to_array_element(text, text, whole) text ? | string_to_array_element('a,b', ',', 1) | a | string_to_array(x, y)[n]: as split_element, but '' has no parts
strip_accents unaccent(text) text | strip_accents('éÄç') | eAc | letters without their marks
to_base64 base64(text) text | to_base64('hi') | aGk= | the UTF-8 text in base 64
from_base64(text) text ! | from_base64('aGk=') | hi | the text of its base 64; fails where it is none, or no UTF-8
to_hex hex(whole) text | to_hex(255) | ff | hexadecimal digits, of the two's complement where negative
to_hex hex(text) text | to_hex('hi') | 6869 | hexadecimal digits of the UTF-8 text
encode(text, text) text ! | encode('hi', 'hex') | 6869 | the UTF-8 text in base64, hex or escape
decode(text, text) text ! | decode('6869', 'hex') | hi | the text of its base64 or hex form
translate(text, text, text) text | translate('12345', '143', 'ax') | a2x5 | every character of the second argument replaced by the one in its place in the third, or dropped
url_decode(text) text ? | url_decode('a%20b+c') | a b c | without percent encoding; NULL where it is broken
url_encode(text) text | url_encode('a b&c') | a+b%26c | as application/x-www-form-urlencoded
`

const patterns = `
regexp_extract(text, text[, whole]) text ?~ | regexp_extract('k=v;', '(\\w)=(\\w)', 2) | v | group n (0 the whole) of the first match; NULL where nothing matches, the group took no part or is not there
regexp_substr(text, text) text ?~ | regexp_substr('a12b', '\\d+') | 12 | the first match, or NULL
regexp_replace(text, text, text[, text]) text ~ | regexp_replace('a1b2', '(\\d)', '<\\1>', 'g') | a<1>b<2> | the first match replaced, every one with flag g; \\1 … \\9 are groups, \\& is the match; flags i, s, m too
regexp_count(text, text) whole ~ | regexp_count('banana', 'an') | 2 | number of matches that do not overlap
regexp_instr(text, text) whole ~ | regexp_instr('banana', 'n') | 3 | place of the first match, 0 without one
regexp_match_element(text, text, whole[, text]) text ?~ | regexp_match_element('k=v;', '(\\w)=(\\w)', 2) | v | regexp_match(x, p)[n]: group n of the first match, the match itself where the pattern has no groups; NULL where there is none
regexp_extract_nth(text, text, whole[, whole]) text ?~ | regexp_extract_nth('a1b22', '\\d+', 2) | 22 | regexp_extract_all(x, p[, g])[n]: match n, or its group g
regexp_full_match(text, text[, text]) boolean ~ | regexp_full_match('ab', 'a.') | true | does the pattern match the whole text?
regexp_escape(text) text | regexp_escape('a.b') | a\\.b | as a pattern that matches just this text
regexp_like regexp_matches(text, text[, text]) boolean ~ | regexp_like('Banana', 'NAN', 'i') | true | does the pattern match somewhere? x ~ p, x ~* p, x RLIKE p, and x SIMILAR TO p for the whole
`

const math = `
acos(double) double ! | acos(1e0) | 0 | arc cosine; fails outside −1 … 1
acosh(double) double ! | acosh(1e0) | 0 | inverse hyperbolic cosine; fails below 1
asin(double) double ! | asin(0e0) | 0 | arc sine; fails outside −1 … 1
asinh(double) double | asinh(0e0) | 0 | inverse hyperbolic sine
atan(double) double | atan(0e0) | 0 | arc tangent
atan2(double, double) double | atan2(0e0, 1e0) | 0 | angle of the point (x, y), given y first
atanh(double) double ! | atanh(0e0) | 0 | inverse hyperbolic tangent; fails outside −1 … 1
bin(whole) text | bin(10) | 1010 | binary digits, of the two's complement where negative
bit_count(whole) whole | bit_count(255) | 8 | ones among the 64 bits
cbrt(double) double | cbrt(27e0) | 3 | cube root
cos(double) double | cos(0e0) | 1 | cosine
cosh(double) double | cosh(0e0) | 1 | hyperbolic cosine
cot(double) double ! | round(cot(1e0), 6) | 0.642093 | cotangent; fails for 0
degrees(double) double | degrees(pi()) | 180 | from radians
e() double | e() | 2.718281828459045 | Euler's number
exp(double) double | exp(0e0) | 1 | e to the power of x
factorial(whole) whole ! | factorial(5) | 120 | fails outside 0 … 20
gcd(whole, whole) whole ! | gcd(12, 18) | 6 | greatest common divisor
hash(any) whole | hash('a') | -5808556873153909620 | 64-bit FNV-1a of the UTF-8 text
isfinite(double) boolean | isfinite(1e0) | true | neither NaN nor infinite?
isinf(double) boolean | isinf('Infinity'::double) | true | infinite?
isnan(double) boolean | isnan('NaN'::double) | true | NaN?
lcm(whole, whole) whole ! | lcm(4, 6) | 12 | least common multiple
ln(double) double ! | ln(1e0) | 0 | natural logarithm; fails for 0 and below
log(double, double) double ! | log(2e0, 8e0) | 3 | logarithm to a base, given first
log10 log(double) double ! | log10(1000e0) | 3 | decimal logarithm
log2(double) double ! | log2(8e0) | 3 | binary logarithm
murmur3(any) whole | murmur3('hello') | 613153351 | unsigned 32-bit Murmur 3 of the UTF-8 text
pi() double | pi() | 3.141592653589793 | the ratio of a circle to its diameter
power pow(double, double) double ! | power(2, 10) | 1024 | fails for 0 to a negative power, and for a fraction of a negative number
radians(double) double | radians(180) | 3.141592653589793 | from degrees
sign(number) whole | sign(-5) | -1 | −1, 0 or 1; 0 for NaN
sin(double) double | sin(0e0) | 0 | sine
sinh(double) double | sinh(0e0) | 0 | hyperbolic sine
sqrt(double) double ! | sqrt(9) | 3 | square root; fails below 0
tan(double) double | tan(0e0) | 0 | tangent
tanh(double) double | tanh(0e0) | 0 | hyperbolic tangent
trunc truncate(whole) whole | trunc(7) | 7 | without its fraction
trunc truncate(decimal[, whole]) same | trunc(-3.789, 1) | -3.700 | cut to n digits after the point (before it where n is negative)
trunc truncate(double[, whole]) double | trunc(-3.789e0) | -3 | cut to n digits after the point
xxhash xxhash64(any) whole | xxhash('a') | -3292477735350538661 | 64-bit xxHash of the UTF-8 text, seed 0
width_bucket(double, double, double, whole) whole ! | width_bucket(5.35, 0.024, 10.06, 5) | 3 | number of the interval among n equal ones between two bounds; 0 below, n + 1 beyond
`

const times = `
age(timestamp, timestamp) period | age(TIMESTAMP '2026-03-05 12:00:00', TIMESTAMP '2025-01-31 00:00:00') | 1 year 1 mon 5 days 12:00:00 | years, months, days and time from the second time to the first; age(x) from x to the beginning of today
convert_tz(text, text, text) text ! | convert_tz('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin') | 2026-07-01 14:00:00 | what the clock of the second zone shows when that of the first shows this time
convert_tz(timestamp, text, text) timestamp ! | convert_tz(TIMESTAMP '2026-07-01 12:00:00', 'UTC', 'Asia/Kolkata') | 2026-07-01 17:30:00 | the same for times
date_add(timestamp, interval) timestamp ! | date_add(TIMESTAMP '2026-01-31 00:00:00', INTERVAL '1' DAY) | 2026-02-01 00:00:00 | the time and an interval
date_bin(interval, timestamp, timestamp) timestamp ! | date_bin(INTERVAL '15' MINUTE, TIMESTAMP '2026-01-01 10:17:00', TIMESTAMP '2026-01-01 00:00:00') | 2026-01-01 10:15:00 | beginning of the interval, counted from an origin, that the time lies in; fails for intervals of 0 and below
date_diff(text, timestamp, timestamp) whole ! | date_diff('day', DATE '2026-01-30', DATE '2026-02-01') | 2 | units that begin after the first time and no later than the second
datediff(date, date) whole | datediff(DATE '2026-02-01', DATE '2026-01-30') | 2 | days from the second date to the first
datediff(text, timestamp, timestamp) whole ! | datediff('month', DATE '2026-01-30', DATE '2026-02-01') | 1 | as date_diff
date_format(timestamp, text) text ~ | date_format(TIMESTAMP '2026-01-02 03:04:05', 'yyyy-MM-dd HH:mm') | 2026-01-02 03:04 | by a pattern of Java: G y u M L d D E e Q H h k K m s S a n A w Y, '…'
date_sub(timestamp, interval) timestamp ! | date_sub(TIMESTAMP '2026-01-01 00:00:00', INTERVAL '1' SECOND) | 2025-12-31 23:59:59 | the time less an interval
dayname(timestamp) text | dayname(DATE '2026-01-01') | Thursday | English name of the day of the week
dayofweek(timestamp) whole | dayofweek(DATE '2026-01-01') | 5 | 1 = Sunday … 7 = Saturday; DOW counts from 0
decade(timestamp) whole | decade(DATE '2026-01-01') | 202 | the year by 10
century(timestamp) whole | century(DATE '2000-01-01') | 20 | century, the first one from 0001 on
epoch_ms(timestamp) whole | epoch_ms(TIMESTAMP '1970-01-01 00:00:01.5') | 1500 | milliseconds since 1970
epoch_us(timestamp) whole | epoch_us(TIMESTAMP '1970-01-01 00:00:01.5') | 1500000 | microseconds since 1970
from_unixtime(whole[, text]) text ! | from_unixtime(0) | 1970-01-01 00:00:00 | seconds since 1970 as text in UTC, by a pattern of Java
isodow(timestamp) whole | isodow(DATE '2026-01-04') | 7 | 1 = Monday … 7 = Sunday
isoyear(timestamp) whole | isoyear(DATE '2027-01-01') | 2026 | the year that the week of ISO 8601 belongs to
justify_interval(period) period ! | justify_interval(INTERVAL '45 days') | 1 mon 15 days | with 30 days as a month
last_day(timestamp) date | last_day(DATE '2026-02-03') | 2026-02-28 | the last day of the month
make_date(whole, whole, whole) date ! | make_date(2026, 1, 31) | 2026-01-31 | from year, month and day
make_interval([whole, whole, whole, whole, whole, whole, double]) period ! | make_interval(1, 2, 0, 3, 4) | 1 year 2 mons 3 days 04:00:00 | from years, months, weeks, days, hours, minutes and seconds
make_time(whole, whole, double) time ! | make_time(3, 4, 5.5) | 03:04:05.5 | from hour, minute and second
make_timestamp(whole, whole, whole, whole, whole, double) timestamp ! | make_timestamp(2026, 1, 31, 3, 4, 5.5) | 2026-01-31 03:04:05.5 | from year, month, day, hour, minute and second
make_timestamp(whole) timestamp | make_timestamp(1000000) | 1970-01-01 00:00:01 | from microseconds since 1970
millennium(timestamp) whole | millennium(DATE '2001-01-01') | 3 | millennium, the first one from 0001 on
monthname(timestamp) text | monthname(DATE '2026-01-01') | January | English name of the month
strftime(timestamp, text) text ~ | strftime(TIMESTAMP '2026-01-02 03:04:05', '%d.%m.%Y %H:%M') | 02.01.2026 03:04 | by a pattern of C: %a %A %b %B %c %d %e %f %g %G %H %I %j %k %l %m %M %p %S %u %V %w %y %Y %z %Z %F %T %D %R %%, %-d without leading zeros
strptime(text, text) timestamp ! | strptime('02.01.2026', '%d.%m.%Y') | 2026-01-02 00:00:00 | read by a pattern of C; fails where the text is none
time_bucket(months, timestamp[, timestamp]) timestamp ! | time_bucket(INTERVAL '3' MONTH, TIMESTAMP '2026-05-17 10:00:00') | 2026-04-01 00:00:00 | the same in months, which are counted from 2000-01-01 or the month of the origin
time_bucket(interval, timestamp[, timestamp]) timestamp ! | time_bucket(INTERVAL '1' HOUR, TIMESTAMP '2026-01-01 10:17:00') | 2026-01-01 10:00:00 | as date_bin, with 2000-01-03 as the origin
timezone(text, zoned) timestamp ! | timezone('Europe/Berlin', TIMESTAMPTZ '2026-07-01 12:00:00Z') | 2026-07-01 14:00:00 | x AT TIME ZONE z: what the clock of the zone shows at a point in time; zones are those of IANA
timezone(text, timestamp) zoned ! | timezone('Europe/Berlin', TIMESTAMP '2026-07-01 12:00:00') | 2026-07-01 10:00:00+00 | x AT TIME ZONE z: when the clock of the zone shows the time; of a time shown twice the later one
timestampadd(text, whole, timestamp) timestamp ! | timestampadd(MONTH, 1, TIMESTAMP '2026-01-31 00:00:00') | 2026-02-28 00:00:00 | with n units more; days beyond the end of a month become its last
timestampdiff(text, timestamp, timestamp) whole ! | timestampdiff(HOUR, TIMESTAMP '2026-01-01 00:59:00', TIMESTAMP '2026-01-01 02:00:00') | 1 | whole units from the first time to the second
to_char(timestamp, text) text ~ | to_char(TIMESTAMP '2026-01-02 03:04:05', 'YYYY-MM-DD HH24:MI') | 2026-01-02 03:04 | by a pattern of Postgres: YYYY YY IYYY MM MON Mon mon MONTH Month DD DDD D ID DY Dy DAY Day HH HH12 HH24 MI SS MS US Q IW WW AM PM, FM, "…"; mm is the month
to_days(whole) interval ! | to_days(2) | 2 days | so many days
to_hours(whole) interval ! | to_hours(30) | 1 day 06:00:00 | so many hours
to_microseconds(whole) interval | to_microseconds(5) | 00:00:00.000005 | so many microseconds
to_milliseconds(whole) interval ! | to_milliseconds(5) | 00:00:00.005 | so many milliseconds
to_minutes(whole) interval ! | to_minutes(5) | 00:05:00 | so many minutes
to_months(whole) months | to_months(14) | 1 year 2 mons | so many months
to_seconds(double) interval ! | to_seconds(1.5) | 00:00:01.5 | so many seconds
to_weeks(whole) interval ! | to_weeks(1) | 7 days | so many weeks
to_years(whole) months ! | to_years(2) | 2 years | so many years
to_date(text[, text]) date ! | to_date('02/01/2026', 'dd/MM/yyyy') | 2026-01-02 | read by a pattern of Java; fails where the text is none
to_timestamp(text[, text]) timestamp ! | to_timestamp('2026-01-02 03:04', 'yyyy-MM-dd HH:mm') | 2026-01-02 03:04:00 | read by a pattern of Java; fails where the text is none
to_timestamp(double) timestamp ! | to_timestamp(1.5) | 1970-01-01 00:00:01.5 | from seconds since 1970
to_timestamp_ltz(whole[, whole]) zoned ! | to_timestamp_ltz(1500, 3) | 1970-01-01 00:00:01.5+00 | from milliseconds since 1970, from seconds where the second argument is 0
to_timestamp_ltz(text[, text, text]) zoned ! | to_timestamp_ltz('2026-07-01', 'yyyy-MM-dd', 'Europe/Berlin') | 2026-06-30 22:00:00+00 | read by a pattern of Java as a time of a zone, by default UTC
unix_timestamp(timestamp) whole | unix_timestamp(TIMESTAMP '1970-01-01 00:01:00') | 60 | whole seconds since 1970
weekofyear(timestamp) whole | weekofyear(DATE '2027-01-01') | 53 | number of the week of ISO 8601
yearweek(timestamp) whole | yearweek(DATE '2027-01-01') | 202653 | year and number of the week of ISO 8601
unix_timestamp(text, text) whole ! | unix_timestamp('1970', 'yyyy') | 0 | whole seconds since 1970 of a text read by a pattern of Java
`

const documents = `
json_array_length jsonb_array_length(text) whole ?! | json_array_length('[1, 2]') | 2 | number of elements; NULL of what is no array
json_exists(text, text) boolean ! | json_exists('{', '$.a') | false | is there something at the path? no of a text that is no JSON
jsonb_path_exists(text, text) boolean ! | jsonb_path_exists('{"a": [{"b": null}]}', '$.a[*].b') | true | is there something at the path?
jsonb_path_query_first(text, text) text ?! | jsonb_path_query_first('{"a": [1, 2]}', '$.a[*]') | 1 | the first of what stands at the path, as JSON
jsonb_path_query_array(text, text) text ! | jsonb_path_query_array('{"a": [1, 2]}', '$.a[*]') | [1,2] | all of what stands at the path, as an array
json_extract(text, text) text ?! | json_extract('{"a": [1, {"b": 2}]}', '$.a[1]') | {"b":2} | what stands at the path, as JSON; NULL where there is nothing
json_extract_string(text, text) text ?! | json_extract_string('{"a": "x"}', '$.a') | x | what stands at the path, a string without its quotes, a null as NULL
json_query(text, text) text ?! | json_query('{"a": [1, 2]}', '$.a') | [1,2] | the array or object at the path; NULL of anything else, of several and of a text that is no JSON
json_value(text, text) text ?! | json_value('{"a": 1.50}', '$.a') | 1.50 | the string, number or boolean at the path as a text; NULL of anything else, of several and of a text that is no JSON
json_serialize(text) text ! | json_serialize('{ "a" : 1.50 }') | {"a":1.50} | without blanks; numbers keep their digits
json_typeof jsonb_typeof(text) text ! | json_typeof('[1]') | array | object, array, string, number, boolean or null
json_valid(text[, text]) boolean ! | json_valid('{') | false | x IS JSON: is the text JSON, of a kind: value, scalar, array, object?
json_array(json…) text * | json_array(1, 'a', NULL) | [1,"a"] | an array of the arguments, NULLs left out
json_build_array jsonb_build_array(json…) text * | json_build_array(1, 'a', NULL) | [1,"a",null] | an array of the arguments
json_object_absent(json…) text *! | json_object_absent('a', 1, 'b', NULL) | {"a":1} | JSON_OBJECT(… ABSENT ON NULL): without the members that are NULL
json_build_object jsonb_build_object json_object(json…) text *! | json_build_object('a', 1, 'b', 'x') | {"a":1,"b":"x"} | an object of keys and values in turn; fails for a key that is NULL
jsonb_set json_set(text, text, text) text ! | jsonb_set('{"a": 1}', '{b}', '2') | {"a":1,"b":2} | with the JSON of the third argument at the path {key,index,…}
parse_json(text) text ! | parse_json('[1, 2]') | [1,2] | the text as JSON without blanks; fails where it is none
to_json to_jsonb(json) text | to_json('a"b') | "a\\"b" | the value as JSON
`

const operators = `
bitand(whole, whole) whole | bitand(12, 10) | 8 | bits that are 1 in both: x & y, which is INTEGER where both are
bitnot(whole) whole | bitnot(5) | -6 | every bit turned over: ~ x
bitor(whole, whole) whole | bitor(12, 10) | 14 | bits that are 1 in either: x | y
bitxor xor(whole, whole) whole | bitxor(12, 10) | 6 | bits that differ: x # y
shift_left(whole, whole) whole ! | shift_left(1, 40) | 1099511627776 | by 0 to 63 places: x << n; fails where bits are lost
shift_right(whole, whole) whole ! | shift_right(-5, 1) | -3 | by 0 to 63 places, with the sign moving in: x >> n
json_contains(text, text) boolean ! | json_contains('{"a": [1, 2], "b": 3}', '{"a": [2]}') | true | does the first document hold all that the second one does? x @> y, y <@ x
json_get(text, text) json ?! | json_get('{"a": [1, {"b": 2}]}', 'a') | [1,{"b":2}] | the member of that key, as JSON: x -> 'key'; what begins with $ is a path
json_get(text, whole) json ?! | json_get('[1, {"b": 2}]', -1) | {"b":2} | the element of that index, from 0, or from −1 at the end: x -> 1
json_get_path(text, text) json ?! | json_get_path('{"a": [1, {"b": 2}]}', '{a,1,b}') | 2 | what stands at {key,index,…}, as JSON: x #> path
json_get_path_text(text, text) text ?! | json_get_path_text('{"a": ["x"]}', '{a,0}') | x | the same, a string without its quotes, a null as NULL: x #>> path
json_get_text(text, text) text ?! | json_get_text('{"a": "x"}', 'a') | x | as json_get, a string without its quotes, a null as NULL: x ->> 'key'
json_get_text(text, whole) text ?! | json_get_text('["x"]', 0) | x | likewise: x ->> 1
json_has_key(text, text) boolean ! | json_has_key('{"a": null}', 'a') | true | is the text a key of the object, or an element of the array? x ? 'key'
json_has_any_key(text, texts) boolean ! | json_has_any_key('{"a": null}', ['b', 'a']) | true | is one of the texts? x ?| keys
json_has_all_keys(text, texts) boolean ! | json_has_all_keys('{"a": null}', ['b', 'a']) | false | are all of them? x ?& keys
`

const arrays = `
list_value array_value(element…) array * | [1, NULL, 2] | [1, NULL, 2] | ARRAY[a, b], [a, b]: an array of the arguments, which may be STRUCTs
array_extract list_extract list_element element_at(array, whole) element ? | [10, 20, 30][2] | 20 | a[n]: element n, counted from 1, from the end where n is negative; NULL where there is none
array_slice list_slice(array, whole[, whole]) array *? | [1, 2, 3, 4][2:3] | [2, 3] | a[m:n]: the elements from m to n, counted as those of a[n]; NULL and nothing are the first and the last
array_length(array, whole) whole ! | array_length([1, NULL], 1) | 2 | as array_length(x); its dimension is 1, others fail
cardinality array_length array_size list_length len length(array) whole | cardinality([1, NULL]) | 2 | number of elements, NULLs included
array_contains list_contains list_has array_has contains(array, element) boolean | array_contains([1, 2], 2) | true | is it an element?
array_any(text, element, array) boolean ?! | 2 = ANY ([1, 2]) | true | x < ANY (a): does the comparison hold for some element? NULL where one is NULL and it holds for none
array_all(text, element, array) boolean ?! | 2 > ALL ([1, 2]) | false | x < ALL (a): does it hold for every one?
array_position list_position list_indexof array_indexof(array, element) whole ? | array_position(['a', 'b'], 'b') | 2 | place of the first such element, NULL where there is none
array_append list_append array_push_back(array, element) array * | array_append([1], 2) | [1, 2] | with one element more; a NULL array is an empty one
array_prepend list_prepend array_push_front(element, array) array * | array_prepend(0, [1]) | [0, 1] | with one element before the others
array_concat list_concat list_cat array_cat concat(array…) array * | array_concat([1], [2, 3], NULL) | [1, 2, 3] | one behind the other, NULL arrays left out; a || b, which is NULL if one of them is
array_remove list_remove(array, element) array *? | array_remove([1, 2, NULL, 2], 2) | [1, NULL] | without the elements that are equal, or NULL
array_replace list_replace(array, element, element) array *? | array_replace([1, 2, 1], 1, 9) | [9, 2, 9] | with the third argument in place of the second
array_distinct list_distinct(array) array | array_distinct([2, 1, 2, NULL]) | [2, 1] | each element once, where it stood first; NULLs left out
array_unique list_unique(array) whole | array_unique([2, 1, 2, NULL]) | 2 | number of different elements, without NULL
array_sort list_sort(array[, text, text]) array ! | array_sort([3, NULL, 1], 'desc', 'nulls first') | [NULL, 3, 1] | in their order, asc or desc, nulls first or nulls last, which is where they are if nothing is said
array_sort(array, boolean[, boolean]) array | array_sort([3, NULL, 1], false) | [3, 1, NULL] | Flink's: ascending? NULLs first? by default where they are the least values
array_reverse_sort list_reverse_sort(array) array | array_reverse_sort([1, NULL, 3]) | [3, 1, NULL] | the greatest first, NULLs last
array_reverse list_reverse reverse(array) array | array_reverse([1, 2, 3]) | [3, 2, 1] | from the last to the first
array_to_string array_join list_to_string(array, text[, text]) text | array_to_string([1, NULL, 3], ',', '-') | 1,-,3 | the texts of the elements with one between; NULLs left out, or as the third argument
array_min list_min(array) element ? | array_min([3, NULL, 1]) | 1 | the least element, NULLs left out
array_max list_max(array) element ? | array_max([3, NULL, 1]) | 3 | the greatest element
array_sum list_sum(numbers) total ?! | array_sum([1, NULL, 2]) | 3 | their sum: BIGINT, DECIMAL(38, s) or DOUBLE; NULL of none
array_avg list_avg(numbers) double ? | array_avg([1, NULL, 2]) | 1.5 | their average
array_union(array, array) array | array_union([2, 1], [1, 3, NULL]) | [2, 1, 3, NULL] | the different elements of both, as in Flink
array_intersect list_intersect(array, array) array | array_intersect([3, 1, 2, 1], [1, 3]) | [3, 1] | the different elements of the first that the second has, too; NULLs left out
array_except list_except(array, array) array | array_except([3, 1, 2, 1], [3]) | [1, 2] | the different elements of the first that the second has not; NULL equals NULL
arrays_overlap array_has_any list_has_any(array, array) boolean | arrays_overlap([1, 2], [2, 3]) | true | a && b: have they an element in common? NULLs do not count
array_has_all list_has_all(array, array) boolean | array_has_all([1, 2, 3], [3, 1]) | true | a @> b, b <@ a: has the first all elements of the second, but for NULLs?
flatten(arrays) inner | flatten([[1, 2], NULL, [3]]) | [1, 2, 3] | the elements of the elements
generate_series(whole, whole[, whole]) wholes ! | generate_series(1, 7, 3) | [1, 4, 7] | whole numbers from the first to the second, the third apart; fails beyond 1000000 of them
range(whole[, whole, whole]) wholes ! | range(3) | [0, 1, 2] | the same from 0, without the end
list_transform array_transform list_apply array_apply apply transform(array, lambda) array *? | list_transform([1, 2], x -> x * 10) | [10, 20] | what the function makes of each element: x -> y, LAMBDA x: y, or (x, i) -> y with the element's number
list_filter array_filter filter(array, lambda) array *? | list_filter([1, 2, 3], x -> x > 1) | [2, 3] | the elements for which the function is TRUE
list_reduce array_reduce reduce(array, lambda[, element]) element *? | list_reduce([1, 2, 3], (a, x) -> a + x) | 6 | the function of what came before and each element, beginning with the third argument or the first element; NULL of none
l2_distance list_distance array_distance(doubles, doubles) double ! | l2_distance([1, 2], [4, 6]) | 5 | a <-> b: Euclidean distance; fails for different lengths and for NULLs
cosine_distance list_cosine_distance array_cosine_distance(doubles, doubles) double ! | cosine_distance([1, 0], [0, 2]) | 1 | 1 less the cosine of the angle between them; NaN beside a zero
inner_product list_inner_product array_inner_product list_dot_product(doubles, doubles) double ! | inner_product([1, 2], [3, 4]) | 11 | sum of the products
string_split str_split split(text, text) texts | string_split('a,b', ',') | [a, b] | the parts of the text between separators
string_to_array(text, text) texts | string_to_array('', ',') | [] | the same; an empty text has no parts
regexp_match(text, text[, text]) texts ?~ | regexp_match('k=v;', '(\\w)=(\\w)') | [k, v] | the groups of the first match, or the match itself; NULL without one
regexp_extract_all(text, text[, whole]) texts ~ | regexp_extract_all('a1b22', '\\d+') | [1, 22] | all matches, or their group g
`

const maps = `
map_value(key, value…) map *! | MAP {'b': 1, 'a': 2} | {a=2, b=1} | MAP[k, v, …], MAP {k: v, …}: values by keys, in their order; fails for a key that is NULL or there twice
map_extract element_at(map, key) value ? | MAP {'a': 1}['a'] | 1 | m[k]: the value of the key, NULL where it is not there
map_from_arrays map(array, array) map ! | map_from_arrays(['a', 'b'], [1, 2]) | {a=1, b=2} | of an array of keys and one of values
map_from_entries(array) map ! | map_from_entries([ROW('a', 1)]) | {a=1} | of an array of STRUCTs of two members
map_size cardinality len(map) whole | map_size(MAP {'a': 1}) | 1 | number of keys
map_contains_key map_contains(map, key) boolean | map_contains_key(MAP {'a': NULL}, 'a') | true | is the key there?
map_keys(map) keys | map_keys(MAP {'b': 1, 'a': 2}) | [a, b] | its keys as an array
map_values(map) values | map_values(MAP {'b': 1, 'a': 2}) | [2, 1] | its values, in the order of the keys
map_entries(map) entries | map_entries(MAP {'a': 1}) | [{'key': a, 'value': 1}] | an array of STRUCT(key, value)
map_concat map_union(map, map) map | map_concat(MAP {'a': 1, 'b': 2}, MAP {'b': 3}) | {a=1, b=3} | the keys of both; the value is that of the second
`

const shapes = `
st_point st_makepoint(double, double) geometry ! | st_point(1, 2) | POINT (1 2) | a point of x and y, or of longitude and latitude; fails for what is not finite
st_x(geometry) double ?! | st_x(st_point(1, 2)) | 1 | x of a point, NULL of an empty one; fails for anything else
st_y(geometry) double ?! | st_y(st_point(1, 2)) | 2 | y of a point
st_geomfromtext st_geometryfromtext(text) geometry ! | st_geomfromtext('LINESTRING(0 0, 1 1)') | LINESTRING (0 0, 1 1) | of WKT: POINT, LINESTRING, POLYGON and MULTI of them
st_geomfromgeojson(text) geometry ! | st_geomfromgeojson('{"type": "Point", "coordinates": [1, 2]}') | POINT (1 2) | of a GeoJSON geometry of two coordinates
st_geomfromwkb(bytes) geometry ! | st_geomfromwkb(X'0101000000000000000000f03f0000000000000040') | POINT (1 2) | of well-known bytes of either byte order
st_astext st_aswkt(geometry) text | st_astext(st_point(1, 2)) | POINT (1 2) | as WKT, as CAST gives it
st_asgeojson(geometry) text | st_asgeojson(st_point(1, 2)) | {"type":"Point","coordinates":[1,2]} | as GeoJSON
st_aswkb st_asbinary(geometry) bytes | octet_length(to_hex(st_aswkb(st_point(1, 2))::varchar)) | 88 | as well-known bytes
st_geometrytype(geometry) text | st_geometrytype('POINT(1 2)') | POINT | its kind
st_isempty(geometry) boolean | st_isempty('POINT EMPTY') | true | has it no points?
st_distance(geometry, geometry) double ? | st_distance(st_point(0, 0), st_point(3, 4)) | 5 | the shortest way in the plane, in the units of the coordinates: a <-> b; NULL of what is empty
st_distancesphere st_distance_sphere geo_distance haversine(geometry, geometry) double ?! | round(st_distancesphere(st_point(13.4, 52.5), st_point(2.35, 48.86)) / 1000) | 876 | metres between two points of longitude and latitude, on a sphere of 6371008.77 m; fails for a latitude beyond 90 degrees
st_dwithin(geometry, geometry, double) boolean | st_dwithin(st_point(0, 0), st_point(3, 4), 5) | true | are they no further apart, in the plane?
st_contains(geometry, geometry) boolean | st_contains(st_makeenvelope(0, 0, 2, 2), st_point(1, 1)) | true | is no point of the second outside of the first, and some of its inside in that of the first? a point on an edge is not
st_within point_in_polygon(geometry, geometry) boolean | st_within(st_point(1, 1), st_makeenvelope(0, 0, 2, 2)) | true | does the second contain the first?
st_covers(geometry, geometry) boolean | st_covers(st_makeenvelope(0, 0, 2, 2), st_point(0, 1)) | true | is no point of the second outside of the first? edges count
st_coveredby(geometry, geometry) boolean | st_coveredby(st_point(0, 1), st_makeenvelope(0, 0, 2, 2)) | true | does the second cover the first?
st_intersects(geometry, geometry) boolean | st_intersects('LINESTRING(0 0, 2 2)', 'LINESTRING(0 2, 2 0)') | true | have they a point in common?
st_disjoint(geometry, geometry) boolean | st_disjoint(st_point(0, 0), st_point(1, 1)) | true | have they none?
st_touches(geometry, geometry) boolean | st_touches(st_makeenvelope(0, 0, 1, 1), st_makeenvelope(1, 0, 2, 1)) | true | have they points of their edges in common, but none inside?
st_equals(geometry, geometry) boolean | st_equals('LINESTRING(0 0, 2 2)', 'LINESTRING(2 2, 1 1, 0 0)') | true | are they the same points? = looks at how they are written
st_boxesmeet st_intersects_extent(geometry, geometry) boolean | st_boxesmeet('LINESTRING(0 0, 2 2)', st_point(0, 2)) | true | a && b: have the boxes around them a point in common?
st_envelope(geometry) geometry | st_envelope('LINESTRING(0 0, 1 2)') | POLYGON ((0 0, 0 2, 1 2, 1 0, 0 0)) | the box around it; a line or a point where it has no width or height
st_makeenvelope(double, double, double, double) geometry ! | st_makeenvelope(0, 0, 1, 2) | POLYGON ((0 0, 0 2, 1 2, 1 0, 0 0)) | a box from the least x and y to the greatest
st_makeline(geometry, geometry) geometry ?! | st_makeline(st_point(0, 0), st_point(1, 1)) | LINESTRING (0 0, 1 1) | from points and lines, one behind the other; NULL of fewer than two points
st_makeline(geometries) geometry ?! | st_makeline([st_point(0, 0), st_point(1, 1), st_point(2, 0)]) | LINESTRING (0 0, 1 1, 2 0) | the same of an array, without NULLs
st_buffer(geometry, double[, whole]) geometry ! | st_buffer(st_point(0, 0), 1, 1) | POLYGON ((1 0, 0 -1, -1 0, 0 1, 1 0)) | what is no further away, in the plane, by polygons whose circles have so many corners to the quarter, 8 if nothing is said; a distance below 0 takes from polygons
st_simplify(geometry, double) geometry ! | st_simplify('LINESTRING(0 0, 1 0.1, 2 0, 3 5)', 0.5) | LINESTRING (0 0, 2 0, 3 5) | with fewer points, none of those gone further from the line than the tolerance (Douglas and Peucker); rings without area go
st_centroid(geometry) geometry | st_centroid('LINESTRING(0 0, 4 0)') | POINT (2 0) | the middle of its mass
st_area(geometry) double | st_area(st_makeenvelope(0, 0, 2, 3)) | 6 | of polygons, without their holes; 0 of others
st_length(geometry) double | st_length('LINESTRING(0 0, 3 4)') | 5 | of lines; 0 of others
st_perimeter(geometry) double | st_perimeter(st_makeenvelope(0, 0, 2, 3)) | 10 | of polygons, with their holes; 0 of others
st_npoints(geometry) whole | st_npoints('LINESTRING(0 0, 1 1)') | 2 | number of its points
st_speed(geometry, timestamp, geometry, timestamp) double ? | st_speed(st_point(0, 0), TIMESTAMP '2026-01-01 00:00:00', st_point(3, 4), TIMESTAMP '2026-01-01 00:00:10') | 0.5 | the distance in the plane by the seconds between both times; NULL where there is no time between them. ST_SPEED(p, ts) OVER (… ORDER BY ts): from the row before
enters(geometry, geometry, geometry) boolean * | enters(st_point(5, 5), st_point(1, 1), st_makeenvelope(0, 0, 2, 2)) | true | does the third cover the second, but not the first, which may be NULL? ENTERS(p, area) OVER (… ORDER BY ts): the first is that of the row before
exits(geometry, geometry, geometry) boolean * | exits(st_point(1, 1), st_point(5, 5), st_makeenvelope(0, 0, 2, 2)) | true | does the third cover the first, but not the second? EXITS(p, area) OVER (… ORDER BY ts): the first is that of the row before
st_azimuth(geometry, geometry) double ?! | degrees(st_azimuth(st_point(0, 0), st_point(1, 0))) | 90 | angle from north to the second point, with the clock, in radians; NULL of equal points
`

const places = `
h3_latlng_to_cell(double, double, whole) whole ! | h3_latlng_to_cell(37.7749, -122.4194, 9) | 617700169957507071 | the H3 cell of a latitude and a longitude, of a resolution from 0 to 15
h3_cell_to_lat(whole) double ! | round(h3_cell_to_lat(617700169957507071), 4) | 37.7735 | latitude of the middle of a cell; fails, as all of these, for what is no cell
h3_cell_to_lng(whole) double ! | round(h3_cell_to_lng(617700169957507071), 4) | -122.4183 | longitude of its middle
h3_cell_to_latlng(whole) doubles ! | len(h3_cell_to_latlng(617700169957507071)) | 2 | both
h3_cell_to_boundary(whole) geometry ! | st_geometrytype(h3_cell_to_boundary(617700169957507071)) | POLYGON | its edge, of longitudes from -180 to 180 and latitudes: of a cell across the 180th meridian, or around a pole, not what ST_Contains and ST_Area take for it
h3_cell_to_parent(whole, whole) whole ! | h3_cell_to_parent(617700169957507071, 5) | 599685771850416127 | the cell of a coarser resolution around it
h3_cell_to_center_child(whole, whole) whole ! | h3_cell_to_center_child(599685771850416127, 6) | 604189370538262527 | the one in the middle of a finer resolution
h3_cell_to_children(whole, whole) wholes ! | len(h3_cell_to_children(599685771850416127, 6)) | 7 | those of a finer resolution, in order; fails beyond 1000000
h3_grid_disk(whole, whole) wholes ! | len(h3_grid_disk(617700169957507071, 2)) | 19 | the cells no more than so many steps away, itself too, in order; fails beyond 1000000
h3_grid_ring(whole, whole) wholes ! | len(h3_grid_ring(617700169957507071, 2)) | 12 | those of just so many steps
h3_grid_distance(whole, whole) whole ! | h3_grid_distance(617700169957507071, 617700169958031359) | 1 | steps between two cells of one resolution; fails where they are too far apart to tell
h3_are_neighbor_cells(whole, whole) boolean ! | h3_are_neighbor_cells(617700169957507071, 617700169958031359) | true | have they a side in common?
h3_get_resolution(whole) whole ! | h3_get_resolution(617700169957507071) | 9 | 0 to 15
h3_is_valid_cell(whole) boolean | h3_is_valid_cell(1) | false | is it a cell?
h3_h3_to_string(whole) text ! | h3_h3_to_string(617700169957507071) | 89283082803ffff | in hexadecimal digits
h3_string_to_h3(text) whole ! | h3_string_to_h3('89283082803ffff') | 617700169957507071 | read from them
geohash_encode(double, double[, whole]) text ! | geohash_encode(57.64911, 10.40744, 11) | u4pruydqqvj | the geohash of a latitude and a longitude, of 1 to 12 letters, 12 if nothing is said
st_geohash(geometry[, whole]) text ?! | st_geohash(st_point(-5.6, 42.6), 5) | ezs42 | the same of a point of longitude and latitude
geohash_decode st_pointfromgeohash(text) geometry ! | geohash_decode('s') | POINT (22.5 22.5) | the middle of a geohash, as longitude and latitude
st_geomfromgeohash(text) geometry ! | st_geomfromgeohash('s') | POLYGON ((0 0, 0 45, 45 45, 45 0, 0 0)) | its box
geohash_neighbours geohash_neighbors(text) texts ! | geohash_neighbours('ezs42') | [ezs48, ezs49, ezs43, ezs41, ezs40, ezefp, ezefr, ezefx] | those around it, from the north with the clock; beyond a pole there are none
`

const conditions = `
typeof pg_typeof(any) text * | typeof(1.5) | DECIMAL(2, 1) | the type of the argument
`

/** What a parameter takes. */
export type Taken =
  | 'text' | 'texts' | 'whole' | 'double' | 'decimal' | 'number' | 'boolean' | 'timestamp' | 'zoned' | 'date' | 'time'
  | 'interval' | 'months' | 'period' | 'any' | 'json' | 'bytes' | 'geometry'
  | 'array' | 'geometries' | 'lambda' | 'element' | 'arrays' | 'numbers' | 'doubles' | 'map' | 'key' | 'value' // biome-ignore format: one list

/** What a function gives. */
export type Given =
  | Taken | 'same' | 'inner' | 'total' | 'wholes' | 'keys' | 'values' | 'entries' // biome-ignore format: one list

export interface LibraryFunction {
  /** The first is the name in plans. */
  names: string[]
  takes: Taken[]
  /** Parameters that must be there. */
  least: number
  /** The last one comes any number of times. */
  rest: boolean
  gives: Given
  /** May be NULL though no argument is. */
  mayBeNull: boolean
  mayFail: boolean
  /** Fails only where its second argument is no pattern. */
  pattern: boolean
  /** Is given NULLs. */
  takesNull: boolean
  signature: string
  example: string
  shows: string
  meaning: string
}

const form = /^([\w ]+)\((.*?)\) (\w+) ?([?!~*]*) ?\| (.*?) \| (.*?) \| (.*)$/

function entryOf(line: string): LibraryFunction {
  const [, names, parameters, gives, marks, example, shows, meaning] = form.exec(line)!
  const [fixed, optional = ''] = parameters!.replaceAll(']', '').split('[')
  const listOf = (text: string) =>
    text
      .replace('…', '')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '')
  const required = listOf(fixed!) as Taken[]
  return {
    names: names!.split(' '),
    takes: [...required, ...(listOf(optional) as Taken[])],
    least: required.length,
    rest: parameters!.endsWith('…'),
    gives: gives as Given,
    mayBeNull: marks!.includes('?'),
    mayFail: /[!~]/.test(marks!),
    pattern: marks!.includes('~'),
    takesNull: marks!.includes('*'),
    signature: parameters!,
    example: example!,
    shows: shows!,
    meaning: meaning!,
  }
}

const linesOf = (text: string) => text.trim().split('\n').map(entryOf)

/** Functions by the chapter that they belong to. */
export const library: Readonly<Record<string, LibraryFunction[]>> = {
  Strings: linesOf(strings),
  'Regular expressions': linesOf(patterns),
  Numbers: linesOf(math),
  'Dates and times': linesOf(times),
  JSON: linesOf(documents),
  Arrays: linesOf(arrays),
  Maps: linesOf(maps),
  Geometries: linesOf(shapes),
  'Cells of the earth': linesOf(places),
  'Behind operators': linesOf(operators),
  Other: linesOf(conditions),
}

const variants = new Map<string, LibraryFunction[]>()
const properties = new Map<string, LibraryFunction>()
for (const entry of Object.values(library).flat()) {
  const [first] = entry.names
  const other = properties.get(first!)
  properties.set(first!, {
    ...entry,
    mayBeNull: entry.mayBeNull || other?.mayBeNull === true,
    mayFail: entry.mayFail || other?.mayFail === true,
  })
  for (const name of entry.names) variants.set(name, [...(variants.get(name) ?? []), entry])
}

/** The variants of a name as users type it, in lower case. */
export function variantsOf(name: string): readonly LibraryFunction[] | undefined {
  return variants.get(name)
}

/** What the variants of a function of the plan have in common; undefined for functions outside this table. */
export function libraryFunction(name: string): LibraryFunction | undefined {
  return properties.get(name)
}

export function libraryNames(): Iterable<string> {
  return variants.keys()
}
