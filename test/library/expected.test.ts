/**
 * Functions that DuckDB has not or defines otherwise: values as documented, and that no function is left out.
 *
 * Format   expression | its value as a text, NULL, or ! and the beginning of the message of a failure
 */
import { describe, expect, test } from 'vitest'
import { open } from '../../src/database/index.ts'
import { library } from '../../src/plan/library.ts'
import { chapters } from './table.ts'

const expected = `
count_char('banana', 'an') | 3
json_object_absent('a', 1, 'b', NULL, 'c', 'x') | {"a":1,"c":"x"}
json_object_absent(NULL, 1) | ! a key must not be NULL
count_char('', 'a') | 0
count_char('a😀b😀', '😀') | 2
count_char('abc', '') | 0
count_char('abc', NULL) | NULL
initcap('hi THOMAS') | Hi Thomas
initcap('o''neil x-ray 2nd_rate') | O'Neil X-Ray 2nd_Rate
initcap('éa ñu') | Éa Ñu
initcap('') | 
overlay('Txxxxas', 'hom', 2, 4) | Thomas
overlay('abcdef', '😀', 3) | ab😀def
overlay('abc', 'x', 9) | abcx
overlay('abc', 'x', 2, 0) | axbc
parse_url('http://facebook.com/path1/p.php?k1=v1&k2=v2#Ref1', 'HOST') | facebook.com
parse_url('http://facebook.com/path1/p.php?k1=v1&k2=v2#Ref1', 'QUERY', 'k1') | v1
parse_url('http://facebook.com/path1/p.php?k1=v1&k2=v2#Ref1', 'REF') | Ref1
parse_url('http://facebook.com/path1/p.php?k1=v1&k2=v2#Ref1', 'FILE') | /path1/p.php?k1=v1&k2=v2
parse_url('http://u:p@h.org:80/x', 'AUTHORITY') | u:p@h.org:80
parse_url('http://u:p@h.org:80/x', 'USERINFO') | u:p
parse_url('http://h.org/x', 'QUERY') | NULL
parse_url('no url', 'HOST') | NULL
sha512('abc') | ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd\\
454d4423643ce80e2a9ac94fa54ca49f
left(sha512(''), 16) | cf83e1357eefb8bd
split('a,b,c', ',')[2] | b
split('a,b,c', ',')[4] | NULL
split('a,b,c', ',')[0] | NULL
split_element('a--b', '--', 2) | b
string_to_array('a,b', ',')[1] | a
string_to_array('', ',')[1] | NULL
string_split('', ',')[1] | 
encode('é', 'hex') | c3a9
encode('é', 'base64') | w6k=
encode('a\\b', 'escape') | a\\\\b
encode('a', 'rot13') | !
decode('c3a9', 'hex') | é
decode('w6k=', 'base64') | é
decode('ff', 'hex') | !
decode('x', 'hex') | !
regexp_instr('banana', 'n') | 3
regexp_instr('😀b', 'b') | 2
regexp_instr('banana', 'x') | 0
regexp_instr('banana', '') | 1
regexp_match('foobarbequebaz', '(bar)(beque)')[2] | beque
regexp_match('foobarbequebaz', 'bar.*que')[1] | barbeque
regexp_match('foobarbequebaz', '(bar)(beque)')[3] | NULL
regexp_match('foobarbequebaz', '(x)?(bar)')[1] | NULL
regexp_match('FOO', 'o+', 'i')[1] | OO
regexp_match('foo', 'x')[1] | NULL
regexp_extract_all('a1b22', '\\d+')[2] | 22
regexp_extract_all('a1b22', '([a-z])(\\d+)', 2)[1] | 1
regexp_extract_all('a1b22', '\\d+')[3] | NULL
regexp_escape('a.b*c[d] é_1') | a\\.b\\*c\\[d\\] é_1
regexp_full_match('a.b', regexp_escape('a.b')) | true
e() | 2.718281828459045
hash('') | -3750763034362895579
hash('foobar') | -8821353812377114648
hash(1) = hash('1') | true
murmur3('') | 0
murmur3('hello') | 613153351
murmur3('The quick brown fox jumps over the lazy dog') | 776992547
murmur3('aaa') | 3033554871
xxhash('') | -1205034819632174695
xxhash('abc') | 4952883123889572249
xxhash('Nobody inspects the spammish repetition') | -302119147016844303
width_bucket(5.35, 0.024, 10.06, 5) | 3
width_bucket(0, 0.024, 10.06, 5) | 0
width_bucket(10.06, 0.024, 10.06, 5) | 6
width_bucket(3, 10, 0, 5) | 4
width_bucket(1, 2, 2, 5) | !
from_unixtime(44) | 1970-01-01 00:00:44
from_unixtime(-1) | 1969-12-31 23:59:59
from_unixtime(0, 'yyyy''T''HH') | 1970T00
to_microseconds(-1) = INTERVAL '-0.000001' SECOND | true
to_milliseconds(1500) = INTERVAL '1.5' SECOND | true
to_minutes(90) = INTERVAL '1:30' HOUR TO MINUTE | true
to_weeks(2) = INTERVAL '14' DAY | true
to_weeks(9223372036854775807) | !
to_years(2) = INTERVAL '24' MONTH | true
make_interval() | 00:00:00
make_interval(1, 2, 3, 4, 5, 6, 7.5) | 1 year 2 mons 25 days 05:06:07.5
make_interval(0, -14) | -1 years -2 mons
make_interval(9223372036854775807) | !
justify_interval(INTERVAL '1 month -1 hour') | 29 days 23:00:00
justify_interval(INTERVAL '-45 days') | -1 mons -15 days
age(TIMESTAMP '2001-04-10 00:00:00', TIMESTAMP '1957-06-13 00:00:00') | 43 years 9 mons 27 days
age(DATE '2026-03-31', DATE '2026-02-28') | 1 mon 3 days
age(DATE '2026-02-28', DATE '2026-03-31') | -1 mons -3 days
age(DATE '2026-03-01', DATE '2026-01-31') | 1 mon 1 day
INTERVAL 'P1Y2M10DT2H30M' | 1 year 2 mons 10 days 02:30:00
INTERVAL '1-2 3 04:05:06' | 1 year 2 mons 3 days 04:05:06
INTERVAL '1 month 3 days ago' | -1 mons -3 days
INTERVAL '1.5 months' | 1 mon 15 days
INTERVAL '1.5' YEAR | 1 year 6 mons
INTERVAL '1' YEAR / 7 | 1 mon 21 days 10:17:08.571429
INTERVAL '1 month 1 day' / 0 | !
extract(epoch FROM INTERVAL '13' MONTH) | 34149600
CAST(INTERVAL '1 month 3 days' AS INTERVAL DAY TO SECOND) | !
CAST(INTERVAL '1 month 3 days' AS INTERVAL YEAR TO MONTH) | 1 mon
CAST(INTERVAL '1 month 26 hours' AS TIME) | 02:00:00
to_date('2026-01-02') | 2026-01-02
to_date('02.01.26', 'dd.MM.yy') | 2026-01-02
to_date('02.01.99', 'dd.MM.yy') | 2099-01-02
to_date('260102', 'yyMMdd') | 2026-01-02
to_date('30.02.26', 'dd.MM.yy') | !
to_timestamp_ltz(100, 0) | 1970-01-01 00:01:40+00
to_timestamp_ltz(100, 3) | 1970-01-01 00:00:00.1+00
to_timestamp_ltz(-1) | 1969-12-31 23:59:59.999+00
to_timestamp_ltz(1, 6) | !
to_timestamp_ltz('2026-03-29 02:30:00', 'yyyy-MM-dd HH:mm:ss', 'Europe/Berlin') | 2026-03-29 01:30:00+00
json_exists('{"a": true}', '$.a') | true
json_exists('{"a": true}', '$.b') | false
json_exists('{', '$.a') | false
json_exists('{"a": [{"b": 1}]}', '$.a[0].b') | true
json_exists('{}', 'a') | !
json_array(1, NULL, true, 'x') | [1,true,"x"]
json_array(NULL) | []
json_array(DATE '2026-01-02', 1.50) | ["2026-01-02",1.50]
jsonb_set('[{"f1":1,"f2":null},2,null,3]', '{0,f1}', '[2,3,4]') | [{"f1":[2,3,4],"f2":null},2,null,3]
jsonb_set('{"a": 1}', '{b,c}', '2') | {"a":1}
jsonb_set('[1]', '{-1}', '0') | [0]
jsonb_set('[1]', '{5}', '0') | [1,0]
jsonb_set('{', '{a}', '0') | !
parse_json(' [1 , 2.50] ') | [1,2.50]
parse_json('nope') | !
list_value(1, NULL, 2) | [1, NULL, 2]
list_value('a b', '', 'NULL', NULL) | [a b, '', 'NULL', NULL]
list_value(CAST(NULL AS INTEGER)) | [NULL]
list_value(1, 2.5) | [1.0, 2.5]
array_extract([10, 20, 30], 2) | 20
array_extract([10, 20, 30], -1) | 30
array_extract([10, 20, 30], 0) | NULL
array_extract([10, 20, 30], 4) | NULL
array_extract([10, 20, 30], -4) | NULL
array_extract([10, NULL], 2) | NULL
array_extract([10], NULL) | NULL
array_extract(CAST(NULL AS INTEGER[]), 1) | NULL
array_slice([1, 2, 3, 4], 2, 3) | [2, 3]
array_slice([1, 2, 3, 4], -2, -1) | [3, 4]
array_slice([1, 2, 3, 4], 3) | [3, 4]
array_slice([1, 2, 3, 4], NULL, 2) | [1, 2]
array_slice([1, 2, 3, 4], 3, NULL) | [3, 4]
array_slice([1, NULL, 3], 2, 9) | [NULL, 3]
array_slice([1, 2, 3, 4], 3, 2) | []
array_slice(CAST(NULL AS INTEGER[]), 1, 2) | NULL
2 = any([1, 2]) | true
2 = any([2, NULL]) | true
2 = any([1, NULL]) | NULL
2 = any(CAST([] AS INTEGER[])) | false
3 < any([1, 2]) | false
NULL = any([1]) | NULL
2 = any(CAST(NULL AS INTEGER[])) | NULL
2 > all([1, 0]) | true
2 > all([1, 2]) | false
2 > all([3, NULL]) | false
2 > all([1, NULL]) | NULL
2 > all(CAST([] AS INTEGER[])) | true
2 > all(CAST(NULL AS INTEGER[])) | NULL
array_append([1], 2) | [1, 2]
array_append([1], NULL) | [1, NULL]
array_append(CAST(NULL AS INTEGER[]), 2) | [2]
array_prepend(0, [1]) | [0, 1]
array_prepend(NULL, [1]) | [NULL, 1]
array_prepend(0, CAST(NULL AS INTEGER[])) | [0]
array_remove([1, 2, NULL, 2], 2) | [1, NULL]
array_remove([1, NULL, 2, NULL], NULL) | [1, 2]
array_remove([2, 2], 2) | []
array_remove(CAST(NULL AS INTEGER[]), 2) | NULL
array_replace([1, 2, 1], 1, 9) | [9, 2, 9]
array_replace([1, NULL], NULL, 0) | [1, 0]
array_replace([1, 2], 2, NULL) | [1, NULL]
array_replace(CAST(NULL AS INTEGER[]), 1, 2) | NULL
array_distinct([2, 1, 2, NULL]) | [2, 1]
array_distinct([CAST(NULL AS INTEGER)]) | []
array_distinct(CAST(NULL AS INTEGER[])) | NULL
array_sort([3, NULL, 1]) | [1, 3, NULL]
array_sort([3, NULL, 1], 'desc') | [3, 1, NULL]
array_sort([3, NULL, 1], 'up') | !
array_sort([3, NULL, 1], true) | [NULL, 1, 3]
array_sort([3, NULL, 1], true, false) | [1, 3, NULL]
array_sort([3, NULL, 1], false, true) | [NULL, 3, 1]
array_sort([3, NULL, 1], false, false) | [3, 1, NULL]
array_sort([3, NULL, 1], false) | [3, 1, NULL]
array_sort(CAST(NULL AS INTEGER[]), true) | NULL
array_sum([1, NULL, 2]) | 3
array_sum([1.5, 2.25]) | 3.75
array_sum([CAST(NULL AS INTEGER)]) | NULL
array_sum(CAST([] AS INTEGER[])) | NULL
array_sum(CAST(NULL AS INTEGER[])) | NULL
array_sum([9223372036854775807, 1]) | !
array_avg([1, NULL, 2]) | 1.5
array_avg([CAST(NULL AS INTEGER)]) | NULL
array_avg(CAST(NULL AS INTEGER[])) | NULL
array_union([2, 1], [1, 3, NULL]) | [2, 1, 3, NULL]
array_union([1, NULL, 1], [NULL, 1]) | [1, NULL]
array_union([1], CAST(NULL AS INTEGER[])) | NULL
array_intersect([3, 1, 2, 1], [1, 3]) | [3, 1]
array_intersect([1, NULL], [NULL, 1]) | [1]
array_intersect([1], [2]) | []
array_intersect([1], CAST(NULL AS INTEGER[])) | NULL
array_except([3, 1, 2, 1], [3]) | [1, 2]
array_except([1, NULL, NULL], [2]) | [1, NULL]
array_except([1, NULL], [2, NULL]) | [1]
array_except(CAST(NULL AS INTEGER[]), [1]) | NULL
array_has_all([1, 2, 3], [3, 1]) | true
array_has_all([1, 2], [1, 4]) | false
array_has_all([1], [1, NULL]) | true
array_has_all([1], CAST([] AS INTEGER[])) | true
array_has_all([1], CAST(NULL AS INTEGER[])) | NULL
generate_series(1, 7, 3) | [1, 4, 7]
generate_series(1, 8, 3) | [1, 4, 7]
generate_series(3, 1) | []
generate_series(3, 1, -1) | [3, 2, 1]
generate_series(1, NULL) | NULL
generate_series(1, 1000001) | !
range(3) | [0, 1, 2]
range(-1) | []
range(2, 6, 2) | [2, 4]
range(5, 0, -2) | [5, 3, 1]
range(CAST(NULL AS INTEGER)) | NULL
list_transform([1, NULL, 3], x -> x * 10) | [10, NULL, 30]
list_transform([1, NULL], x -> coalesce(x, 0)) | [1, 0]
list_transform([5, 5], (x, i) -> x * i) | [5, 10]
list_transform(CAST(NULL AS INTEGER[]), x -> 1) | NULL
l2_distance([1, 2], [4, 6]) | 5
l2_distance([1, 2], [1]) | !
l2_distance([1, NULL], [1, 2]) | !
l2_distance([1], CAST(NULL AS DOUBLE[])) | NULL
cosine_distance([1, 0], [0, 2]) | 1
cosine_distance([1, 0], [2, 0]) | 0
cosine_distance([1, 0], [-3, 0]) | 2
cosine_distance([0, 0], [1, 1]) | NaN
cosine_distance([1], [1, 2]) | !
cosine_distance([1], CAST(NULL AS DOUBLE[])) | NULL
inner_product([1, 2], [3, 4]) | 11
inner_product([1, NULL], [3, 4]) | !
inner_product([1], CAST(NULL AS DOUBLE[])) | NULL
map_value('b', 1, 'a', NULL) | {a=NULL, b=1}
map_value('a', 1, 'a', 2) | !
map_value(CAST(NULL AS VARCHAR), 1) | !
map_extract(MAP {'a': 1}, 'a') | 1
map_extract(MAP {'a': 1}, 'b') | NULL
map_extract(MAP {'a': 1, 'b': NULL}, 'b') | NULL
map_extract(MAP {'a': 1}, NULL) | NULL
map_from_arrays(['b', 'a'], [1, NULL]) | {a=NULL, b=1}
map_from_arrays(['a', 'b'], [1]) | !
map_from_arrays(['a', NULL], [1, 2]) | !
map_from_arrays(['a', 'a'], [1, 2]) | !
map_from_arrays(CAST(NULL AS VARCHAR[]), [1]) | NULL
map_from_entries([ROW('b', 1), ROW('a', 2)]) | {a=2, b=1}
map_from_entries([ROW('a', 1), ROW('a', 2)]) | !
map_contains_key(MAP {'a': 1, 'b': NULL}, 'b') | true
map_contains_key(MAP {'a': 1}, 'b') | false
map_contains_key(MAP {'a': 1}, NULL) | NULL
map_keys(MAP {'b': 1, 'a': 2}) | [a, b]
map_keys(CAST(NULL AS MAP(VARCHAR, INTEGER))) | NULL
map_values(MAP {'b': 1, 'a': NULL}) | [NULL, 1]
map_values(CAST(NULL AS MAP(VARCHAR, INTEGER))) | NULL
map_entries(MAP {'a': 1}) | [{'key': a, 'value': 1}]
map_entries(CAST(NULL AS MAP(VARCHAR, INTEGER))) | NULL
map_concat(MAP {'a': 1, 'b': 2}, MAP {'b': 3}) | {a=1, b=3}
map_concat(MAP {'a': 1}, MAP {'a': NULL, 'c': 4}) | {a=NULL, c=4}
map_concat(MAP {'a': 1}, CAST(NULL AS MAP(VARCHAR, INTEGER))) | NULL
st_point(1.5, -0e0) | POINT (1.5 0)
st_point('NaN'::double, 0) | !
st_x('POINT(1 2)') | 1
st_x('POINT EMPTY') | NULL
st_x('LINESTRING(1 2, 3 4)') | !
st_y('POINT(1 2)') | 2
st_geomfromtext('point(1e2 -.5)') | POINT (100 -0.5)
st_geomfromtext('MULTIPOINT(1 2, (3 4), EMPTY)') | MULTIPOINT (1 2, 3 4)
st_geomfromtext('MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))') | MULTIPOLYGON (((0 0, 1\\
 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))
st_geomfromtext('LINESTRING EMPTY') | LINESTRING EMPTY
st_geomfromtext('LINESTRING(1 2)') | !
st_geomfromtext('POLYGON((0 0, 1 0, 1 1))') | !
st_geomfromtext('POINT Z (1 2 3)') | !
st_geomfromtext('POINT(1 2 3)') | !
st_geomfromtext('POINT(1)') | !
st_geomfromtext('{"type": "Point", "coordinates": [1, 2]}') | !
st_geomfromgeojson('{"type": "Point", "coordinates": []}') | POINT EMPTY
st_geomfromgeojson('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}') | POLYGON\\
 ((0 0, 1 0, 1 1, 0 0))
st_geomfromgeojson('{"type": "Point", "coordinates": [1, 2, 3]}') | !
st_geomfromgeojson('POINT(1 2)') | !
st_geomfromwkb(X'00000000013ff00000000000004000000000000000') | POINT (1 2)
st_geomfromwkb(X'01') | !
st_geomfromwkb(st_aswkb('MULTILINESTRING((0 0, 1 1), (2 2, 3 3))')) | MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))
cast('0101000000000000000000f03f0000000000000040' as geometry) | POINT (1 2)
st_aswkb('POINT(1 2)') = X'0101000000000000000000f03f0000000000000040' | true
st_astext('POLYGON((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))') | POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))
st_asgeojson('MULTIPOINT(1 2, 3 4)') | {"type":"MultiPoint","coordinates":[[1,2],[3,4]]}
st_geometrytype('MULTIPOINT(1 2)') | MULTIPOINT
st_isempty('POLYGON EMPTY') | true
st_isempty('POINT(1 2)') | false
st_distance('POINT(1 1)', 'LINESTRING(0 0, 4 0)') | 1
st_distance('POINT(5 3)', 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))') | 1
st_distance('POINT(2 2)', 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 3, 3 3, 3 1, 1 1))') | 1
st_distance('LINESTRING(0 0, 2 2)', 'LINESTRING(0 2, 2 0)') | 0
st_distance('POINT EMPTY', 'POINT(0 0)') | NULL
st_distancesphere('POINT(0 0)', 'POINT(0 0)') | 0
round(st_distancesphere('POINT(0 0)', 'POINT(90 0)')) | 10007557
round(st_distancesphere('POINT(0 -90)', 'POINT(0 90)')) | 20015114
round(st_distancesphere('POINT(-122.4194 37.7749)', 'POINT(-74.006 40.7128)') / 1000) | 4129
st_distancesphere('LINESTRING(0 0, 1 1)', 'POINT(0 0)') | !
st_dwithin('POINT(0 0)', 'POINT(3 4)', 4.9) | false
st_dwithin('POINT EMPTY', 'POINT(3 4)', 9) | false
st_contains('POLYGON((0 0, 4 0, 4 4, 0 0))', 'POINT(4 2)') | false
st_contains('POLYGON((0 0, 4 0, 4 4, 0 0))', 'LINESTRING(4 1, 4 2)') | false
st_contains('POLYGON((0 0, 4 0, 4 4, 0 0))', 'LINESTRING(4 1, 3 1)') | true
st_within('POINT(2 1)', 'POLYGON((0 0, 4 0, 4 4, 0 0))') | true
st_covers('POLYGON((0 0, 4 0, 4 4, 0 0))', 'LINESTRING(4 1, 4 2)') | true
st_coveredby('POINT(4 2)', 'POLYGON((0 0, 4 0, 4 4, 0 0))') | true
st_intersects('POINT(2 2)', 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 3, 3 3, 3 1, 1 1))') | false
st_disjoint('POINT EMPTY', 'POINT EMPTY') | true
st_touches('POINT(4 2)', 'POLYGON((0 0, 4 0, 4 4, 0 0))') | true
st_touches('LINESTRING(0 0, 2 2)', 'LINESTRING(2 2, 3 0)') | true
st_touches('LINESTRING(0 0, 2 2)', 'LINESTRING(1 1, 3 0)') | true
st_touches('LINESTRING(0 0, 2 2)', 'LINESTRING(0 2, 2 0)') | false
st_equals('POLYGON((0 0, 4 0, 4 4, 0 0))', 'POLYGON((4 4, 0 0, 2 0, 4 0, 4 4))') | true
st_equals('POINT(1 1)', 'POINT(1 2)') | false
st_boxesmeet('LINESTRING(0 0, 2 2)', 'POINT(3 0)') | false
st_envelope('LINESTRING(0 0, 0 2)') | LINESTRING (0 0, 0 2)
st_envelope('POINT(1 2)') | POINT (1 2)
st_envelope('POINT EMPTY') | POINT EMPTY
st_makeenvelope(0, 1, 2, 3) | POLYGON ((0 1, 0 3, 2 3, 2 1, 0 1))
st_makeenvelope(0, 0, 'Infinity'::double, 1) | !
st_makeline('LINESTRING(0 0, 1 1)', 'POINT(2 0)') | LINESTRING (0 0, 1 1, 2 0)
st_makeline('POINT EMPTY', 'POINT(2 0)') | NULL
st_makeline('POLYGON EMPTY', 'POINT(2 0)') | !
st_centroid('POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))') | POINT (2 2)
st_centroid('POLYGON((0 0, 6 0, 0 6, 0 0))') | POINT (2 2)
st_centroid('MULTIPOINT(0 0, 1 0, 2 3)') | POINT (1 1)
st_centroid('LINESTRING(0 0, 2 0, 2 2)') | POINT (1.5 0.5)
st_centroid('POLYGON EMPTY') | POINT EMPTY
st_area('POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 3, 3 3, 3 1, 1 1))') | 12
st_area('MULTIPOLYGON(((0 0, 0 1, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))') | 1
st_area('LINESTRING(0 0, 1 1)') | 0
st_length('MULTILINESTRING((0 0, 3 4), (0 0, 1 0))') | 6
st_length('POLYGON((0 0, 1 0, 1 1, 0 0))') | 0
array_length([1, NULL], 1) | 2
array_length([]::int[], 1) | 0
array_length([[1]], 2) | !
st_perimeter('POLYGON((0 0, 3 0, 3 4, 0 0))') | 12
st_perimeter('LINESTRING(0 0, 1 1)') | 0
st_npoints('MULTIPOINT(0 0, 1 1, 2 2)') | 3
st_npoints('POINT EMPTY') | 0
st_simplify('LINESTRING(0 0, 5 1, 10 0)', 1) | LINESTRING (0 0, 10 0)
st_simplify('LINESTRING(0 0, 5 1, 10 0)', 0.9) | LINESTRING (0 0, 5 1, 10 0)
st_simplify(st_point(0, 0), 'NaN') | !
st_buffer('POINT(1 1)', 2, 1) | POLYGON ((3 1, 1 -1, -1 1, 1 3, 3 1))
st_buffer('POINT(1 1)', 2, 0) | !
round(st_area(st_buffer('POINT(0 0)', 1)), 3) | 3.121
round(st_area(st_buffer('LINESTRING(0 0, 10 0)', 1)), 3) | 23.121
st_speed('POINT(0 0)', '2026-01-01 00:00:10', 'POINT(0 5)', '2026-01-01 00:00:00') | 0.5
st_speed('POINT(0 0)', '2026-01-01', 'POINT(0 5)', '2026-01-01') | NULL
st_speed('POINT EMPTY', '2026-01-01', 'POINT(0 5)', '2026-01-02') | NULL
enters(NULL, 'POINT(0 0)', 'POLYGON((0 0, 1 0, 1 1, 0 0))') | true
enters('POINT(0 0)', NULL, 'POLYGON((0 0, 1 0, 1 1, 0 0))') | NULL
exits('POINT(0 0)', 'POINT(9 0)', 'POLYGON((0 0, 1 0, 1 1, 0 0))') | true
exits(NULL, 'POINT(9 0)', 'POLYGON((0 0, 1 0, 1 1, 0 0))') | false
jsonb_path_query_first('{"a": [{"b": 1}, {"b": 2}]}', 'lax $.a.b') | 1
jsonb_path_query_first('{"a": []}', '$.a[*]') | NULL
jsonb_path_query_first('{', '$') | !
jsonb_path_query_array('{"a": {"x": 1, "y": [2]}}', '$.a.*') | [1,[2]]
jsonb_path_query_array('[]', '$[*]') | []
jsonb_path_query_array('[]', 'strict $[*]') | !
json_value('{"a": [1]}', 'strict $.a[0]') | 1
degrees(st_azimuth('POINT(0 0)', 'POINT(0 1)')) | 0
degrees(st_azimuth('POINT(0 0)', 'POINT(0 -1)')) | 180
degrees(st_azimuth('POINT(0 0)', 'POINT(-1 0)')) | 270
st_azimuth('POINT(1 1)', 'POINT(1 1)') | NULL
h3_h3_to_string(h3_latlng_to_cell(37.7749, -122.4194, 9)) | 89283082803ffff
h3_h3_to_string(h3_latlng_to_cell(37.3615593, -122.0553238, 5)) | 85283473fffffff
h3_latlng_to_cell(91, 0, 9) | !
h3_latlng_to_cell(0, 181, 9) | !
h3_latlng_to_cell(0, 0, 16) | !
round(h3_cell_to_lat(h3_string_to_h3('85283473fffffff')), 6) | 37.345793
round(h3_cell_to_lng(h3_string_to_h3('85283473fffffff')), 6) | -121.976376
h3_cell_to_lat(1) | !
h3_cell_to_latlng(h3_string_to_h3('85283473fffffff'))[1] = h3_cell_to_lat(h3_string_to_h3('85283473fffffff')) | true
st_within(st_point(-121.976376, 37.345793), h3_cell_to_boundary(h3_string_to_h3('85283473fffffff'))) | true
h3_h3_to_string(h3_cell_to_parent(h3_string_to_h3('89283082803ffff'), 8)) | 8828308281fffff
h3_cell_to_parent(h3_string_to_h3('89283082803ffff'), 10) | !
h3_cell_to_parent(h3_cell_to_center_child(h3_string_to_h3('85283473fffffff'), 9), 5) =\\
 h3_string_to_h3('85283473fffffff') | true
h3_cell_to_center_child(h3_string_to_h3('85283473fffffff'), 4) | !
len(h3_cell_to_children(h3_string_to_h3('85283473fffffff'), 7)) | 49
h3_cell_to_children(h3_string_to_h3('85283473fffffff'), 15) | !
h3_grid_disk(h3_string_to_h3('85283473fffffff'), 0) = [h3_string_to_h3('85283473fffffff')] | true
len(h3_grid_disk(h3_string_to_h3('821c07fffffffff'), 1)) | 6
h3_grid_disk(h3_string_to_h3('85283473fffffff'), -1) | !
h3_grid_disk(h3_string_to_h3('85283473fffffff'), 600) | !
len(h3_grid_ring(h3_string_to_h3('85283473fffffff'), 3)) | 18
h3_grid_distance(h3_string_to_h3('85283473fffffff'), h3_string_to_h3('85283473fffffff')) | 0
h3_grid_distance(h3_string_to_h3('85283473fffffff'), h3_string_to_h3('89283082803ffff')) | !
h3_are_neighbor_cells(h3_string_to_h3('85283473fffffff'), h3_string_to_h3('85283473fffffff')) | false
h3_get_resolution(h3_string_to_h3('85283473fffffff')) | 5
h3_is_valid_cell(-1) | false
h3_h3_to_string(0) | !
h3_string_to_h3('xyz') | !
geohash_encode(57.64911, 10.40744, 11) | u4pruydqqvj
geohash_encode(42.605, -5.603, 5) | ezs42
geohash_encode(-90, -180, 3) | 000
geohash_encode(90, 180, 3) | zzz
geohash_encode(0, 0, 13) | !
geohash_encode(100, 0) | !
length(geohash_encode(0, 0)) | 12
st_geohash('POINT(-5.603 42.605)', 5) | ezs42
st_geohash('POINT EMPTY') | NULL
st_geohash('LINESTRING(0 0, 1 1)') | !
st_x(geohash_decode('ezs42')) between -5.61 and -5.6 | true
st_geohash(geohash_decode('u4pruydqqvj'), 11) | u4pruydqqvj
geohash_decode('a') | !
st_within(geohash_decode('ezs42'), st_geomfromgeohash('ezs42')) | true
geohash_neighbours('z') | [b, 8, x, w, y]
geohash_neighbours('') | !
`

const lines = expected
  .replaceAll('\\\n', '')
  .trim()
  .split('\n')
  .map((line) => {
    const cut = line.lastIndexOf(' | ')
    return { sql: line.slice(0, cut), value: line.slice(cut + 3) }
  })

describe('values', async () => {
  const database = await open(':memory:', { cycles: 'manual' })
  test.each(lines)('$sql', async ({ sql, value }) => {
    const query = database.query(`select cast(${sql} as varchar) as x`)
    if (value.startsWith('!')) await expect(query).rejects.toThrow()
    else expect((await query).rows[0]![0] ?? 'NULL').toBe(value)
  })
})

test('every function is compared with DuckDB or has values here', () => {
  const known = [
    ...Object.values(chapters)
      .flat()
      .map(({ ours }) => ours),
    ...lines.map(({ sql }) => sql),
  ]
  const calls = new Set(known.flatMap((text) => text.toLowerCase().match(/\w+(?=\()/g) ?? []))
  const operators: Record<string, string> = {
    regexp_match_element: 'regexp_match',
    regexp_extract_nth: 'regexp_extract_all',
    string_to_array_element: 'string_to_array',
    typeof: 'typeof',
    array_any: 'any',
    array_all: 'all',
  }
  calls.add('typeof')
  // Those of operators are tested with these.
  const lost = Object.entries(library)
    .filter(([chapter]) => chapter !== 'Behind operators')
    .flatMap(([, entries]) => entries)
    .filter(({ names }) => !names.some((name) => calls.has(operators[name] ?? name)))
  expect(lost.map(({ names }) => names[0])).toEqual([])
})
