-- q01: sums per flag and status
select l_returnflag, l_linestatus, sum(l_quantity) as quantity, sum(l_extendedprice) as price,
  sum(l_extendedprice * (1 - l_discount)) as discounted, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as charged,
  avg(l_quantity) as mean, avg(l_discount) as discount, count(*) as n
from lineitem where l_shipdate <= date '1998-12-01' - interval '90' day
group by l_returnflag, l_linestatus
order by l_returnflag, l_linestatus

-- q02: the cheapest suppliers of a part in a region
select s_acctbal, s_name, n_name, p_partkey, p_mfgr
from part, supplier, partsupp, nation, region
where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey
  and r_name = 'EUROPE' and p_size < 30
  and ps_supplycost = (select min(ps_supplycost) from partsupp, supplier, nation, region
    where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey
      and r_name = 'EUROPE')
order by s_acctbal desc nulls last, n_name, s_name, p_partkey limit 10

-- q03: orders not yet shipped
select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate
from customer, orders, lineitem
where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey
  and o_orderdate < date '1996-03-15' and l_shipdate > date '1994-03-15'
group by l_orderkey, o_orderdate
order by revenue desc nulls last, o_orderdate, l_orderkey limit 10

-- q04: priorities of orders with a late line
select o_orderpriority, count(*) as n from orders
where o_orderdate >= date '1993-07-01' and o_orderdate < date '1993-07-01' + interval '30' month
  and exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate)
group by o_orderpriority
order by o_orderpriority nulls last

-- q05: revenue of local suppliers
select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
from customer, orders, lineitem, supplier, nation, region
where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey and c_nationkey = s_nationkey
  and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name <> 'ASIA'
group by n_name
order by revenue desc, n_name

-- q06: revenue gained without discounts
select sum(l_extendedprice * l_discount) as revenue from lineitem
where l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '2' year
  and l_discount between 0.02 and 0.07 and l_quantity < 24

-- q07: trade between nations
select supp_nation, cust_nation, l_year, sum(volume) as revenue from (
  select n1.n_name as supp_nation, n2.n_name as cust_nation, extract(year from l_shipdate) as l_year,
    l_extendedprice * (1 - l_discount) as volume
  from supplier, lineitem, orders, customer, nation n1, nation n2
  where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey
    and s_nationkey = n1.n_nationkey and c_nationkey = n2.n_nationkey
    and ((n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') or (n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE')
      or n1.n_name = 'JAPAN')
) shipping group by supp_nation, cust_nation, l_year
order by supp_nation, cust_nation, l_year

-- q08: a nation's share of the market
select o_year, sum(case when nation = 'FRANCE' then volume else 0 end) as own, sum(volume) as total
from (
  select extract(year from o_orderdate) as o_year, l_extendedprice * (1 - l_discount) as volume, n2.n_name as nation
  from part, supplier, lineitem, orders, customer, nation n1, nation n2, region
  where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey
    and c_nationkey = n1.n_nationkey and n1.n_regionkey = r_regionkey and r_name in ('EUROPE', 'AMERICA')
    and s_nationkey = n2.n_nationkey and p_type like '%STEEL'
) all_nations group by o_year
order by o_year nulls last

-- q09: profit per nation and year
select nation, o_year, sum(amount) as profit from (
  select n_name as nation, extract(year from o_orderdate) as o_year,
    l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity as amount
  from part, supplier, lineitem, partsupp, orders, nation
  where s_suppkey = l_suppkey and ps_suppkey = l_suppkey and ps_partkey = l_partkey and p_partkey = l_partkey
    and o_orderkey = l_orderkey and s_nationkey = n_nationkey and p_name like '%e%'
) profit group by nation, o_year
order by nation, o_year desc nulls last

-- q10: customers who return most
select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name
from customer, orders, lineitem, nation
where c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate >= date '1993-01-01' and l_returnflag = 'R'
  and c_nationkey = n_nationkey
group by c_custkey, c_name, c_acctbal, n_name
order by revenue desc nulls last, c_custkey limit 5

-- q11: the most important stock
select ps_partkey, sum(ps_supplycost * ps_availqty) as worth from partsupp, supplier, nation
where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name <> 'JAPAN'
group by ps_partkey
having sum(ps_supplycost * ps_availqty) > (select sum(ps_supplycost * ps_availqty) * 0.05
  from partsupp, supplier, nation where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name <> 'JAPAN')
order by worth desc, ps_partkey

-- q12: priorities by mode of shipping
select l_shipmode, sum(case when o_orderpriority = '1-URGENT' or o_orderpriority = '2-HIGH' then 1 else 0 end) as high,
  sum(case when o_orderpriority <> '1-URGENT' and o_orderpriority <> '2-HIGH' then 1 else 0 end) as low
from orders, lineitem
where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate
  and l_shipdate < l_commitdate
group by l_shipmode
order by l_shipmode

-- q13: customers by number of orders
select c_count, count(*) as custdist from (
  select c_custkey, count(o_orderkey) as c_count
  from customer left join orders on c_custkey = o_custkey and o_comment not like '%special%'
  group by c_custkey
) c_orders group by c_count
order by custdist desc, c_count desc

-- q14: the share of promotions
select sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end) as promo,
  sum(l_extendedprice * (1 - l_discount)) as total
from lineitem, part where l_partkey = p_partkey and l_shipdate >= date '1994-01-01'

-- q15: the best suppliers
with revenue as (
  select l_suppkey as supplier_no, sum(l_extendedprice * (1 - l_discount)) as total_revenue
  from lineitem where l_shipdate >= date '1993-01-01' group by l_suppkey)
select s_suppkey, s_name, total_revenue from supplier, revenue
where s_suppkey = supplier_no and total_revenue = (select max(total_revenue) from revenue)
order by s_suppkey

-- q16: suppliers of parts, without those complained of
select p_brand, p_type, p_size, count(distinct ps_suppkey) as n from partsupp, part
where p_partkey = ps_partkey and p_brand <> 'Brand#2' and p_type not like 'MEDIUM%' and p_size in (1, 5, 10, 20, 30, 40)
  and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%complaint%')
group by p_brand, p_type, p_size
order by n desc, p_brand, p_type, p_size

-- q17: what small orders lose
select sum(l_extendedprice) as lost, count(*) as n from lineitem, part
where p_partkey = l_partkey and p_brand = 'Brand#1'
  and l_quantity < (select 0.8 * avg(l_quantity) from lineitem where l_partkey = p_partkey)

-- q18: customers with large orders
select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) as quantity
from customer, orders, lineitem
where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 60)
  and c_custkey = o_custkey and o_orderkey = l_orderkey
group by c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
order by o_totalprice desc nulls last, o_orderdate, o_orderkey limit 10

-- q19: revenue by one of several conditions
select sum(l_extendedprice * (1 - l_discount)) as revenue from lineitem, part
where (p_partkey = l_partkey and p_brand = 'Brand#1' and p_container in ('SM CASE', 'SM BOX')
    and l_quantity between 1 and 11 and p_size between 1 and 25 and l_shipmode in ('AIR', 'REG AIR'))
  or (p_partkey = l_partkey and p_brand = 'Brand#2' and l_quantity between 10 and 40 and p_size between 1 and 40)
  or (p_partkey = l_partkey and p_brand = 'Brand#3' and l_quantity >= 20 and l_shipinstruct = 'DELIVER IN PERSON')

-- q20: suppliers with too much stock
select s_name, s_suppkey from supplier, nation
where s_suppkey in (select ps_suppkey from partsupp
    where ps_partkey in (select p_partkey from part where p_name like '%e%')
      and ps_availqty > (select 0.5 * sum(l_quantity) from lineitem
        where l_partkey = ps_partkey and l_suppkey = ps_suppkey and l_shipdate >= date '1993-01-01'))
  and s_nationkey = n_nationkey
order by s_name, s_suppkey

-- q21: suppliers who kept orders waiting
select s_name, count(*) as numwait from supplier, lineitem l1, orders, nation
where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and o_orderstatus = 'F' and l1.l_receiptdate > l1.l_commitdate
  and exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey)
  and not exists (select * from lineitem l3 where l3.l_orderkey = l1.l_orderkey and l3.l_suppkey <> l1.l_suppkey
    and l3.l_receiptdate > l3.l_commitdate)
  and s_nationkey = n_nationkey
group by s_name
order by numwait desc, s_name limit 5

-- q22: good customers without orders
select cntrycode, count(*) as n, sum(c_acctbal) as total from (
  select substring(c_phone from 1 for 2) as cntrycode, c_acctbal from customer
  where substring(c_phone from 1 for 2) in ('10', '11', '12', '13')
    and c_acctbal > (select avg(c_acctbal) from customer where c_acctbal > 0.00)
    and not exists (select * from orders where o_custkey = c_custkey)
) custsale group by cntrycode
order by cntrycode

-- a01: orders per customer, those without too
select c_custkey, c_name, count(o_orderkey) as n, coalesce(sum(o_totalprice), 0) as total
from customer left join orders on o_custkey = c_custkey group by c_custkey, c_name
order by c_custkey

-- a02: the last order of each customer
select c_name, o_orderkey, o_orderdate from customer join (
  select o.*, row_number() over (partition by o_custkey order by o_orderdate desc nulls last, o_orderkey desc) as rn from orders o
) x on x.o_custkey = c_custkey where rn = 1
order by c_name, o_orderkey

-- a03: the three dearest lines of each order
select l_orderkey, l_linenumber, l_extendedprice, rn from (
  select l_orderkey, l_linenumber, l_extendedprice,
    row_number() over (partition by l_orderkey order by l_extendedprice desc nulls last, l_linenumber) as rn
  from lineitem) x where rn <= 3
order by l_orderkey, rn

-- a04: customers in no order and suppliers in no line
select 'customer' as what, c_custkey as id from customer where c_custkey not in (select o_custkey from orders where o_custkey is not null)
union all
select 'supplier', s_suppkey from supplier s where not exists (select 1 from lineitem where l_suppkey = s.s_suppkey)
order by what, id

-- a05: NOT IN with NULLs
select c_custkey from customer where c_custkey not in (select o_custkey from orders)
order by c_custkey

-- a06: orders whose lines do not add up
select o_orderkey, o_totalprice, t.total from orders join (
  select l_orderkey, sum(l_extendedprice) as total from lineitem group by l_orderkey) t on t.l_orderkey = o_orderkey
where o_totalprice is distinct from t.total
order by o_orderkey

-- a07: segments above the average of segments
select c_mktsegment, sum(c_acctbal) as balance from customer group by c_mktsegment
having sum(c_acctbal) > (select avg(b) from (select sum(c_acctbal) as b from customer group by c_mktsegment) s)
order by c_mktsegment nulls last

-- a08: histogram of lines per order
select n, count(*) as orders from (
  select o_orderkey, count(l_linenumber) as n from orders left join lineitem on l_orderkey = o_orderkey group by o_orderkey) x
group by n
order by n

-- a09: pairs of customers in a nation
select a.c_custkey as a, b.c_custkey as b from customer a join customer b
  on a.c_nationkey = b.c_nationkey and a.c_custkey < b.c_custkey
order by a, b

-- a10: nations with both customers and suppliers
select c_nationkey as k from customer intersect select s_nationkey from supplier
order by k nulls last

-- a11: nations with customers but no suppliers
select c_nationkey as k from customer except select s_nationkey from supplier
order by k nulls last

-- a12: except all
select c_nationkey as k from customer except all select s_nationkey from supplier
order by k nulls last

-- a13: intersect all
select c_nationkey as k from customer intersect all select s_nationkey from supplier
order by k nulls last

-- a14: nations by customers and suppliers, full
select coalesce(c.k, s.k) as k, c.n as customers, s.n as suppliers
from (select c_nationkey as k, count(*) as n from customer group by c_nationkey) c
  full join (select s_nationkey as k, count(*) as n from supplier group by s_nationkey) s on c.k = s.k
order by k nulls last, customers nulls last, suppliers nulls last

-- a15: regions without trade
select r_name from region where not exists (
  select 1 from nation join customer on c_nationkey = n_nationkey join orders on o_custkey = c_custkey
  where n_regionkey = r_regionkey)
order by r_name

-- a16: parts nobody ordered
select p_partkey, p_name from part left join lineitem on l_partkey = p_partkey where l_orderkey is null
order by p_partkey

-- a17: semi join spelled so
select p_partkey, p_brand from part semi join lineitem on l_partkey = p_partkey
order by p_partkey

-- a18: anti join spelled so
select p_partkey, p_brand from part anti join lineitem on l_partkey = p_partkey and l_quantity > 20
order by p_partkey

-- a19: customers whose every order is finished
select c_custkey from customer c where exists (select 1 from orders o where o.o_custkey = c.c_custkey)
  and 'F' = all (select o_orderstatus from orders o where o.o_custkey = c.c_custkey)
order by c_custkey

-- a20: the largest order of all
select o_orderkey, o_totalprice from orders where o_totalprice = (select max(o_totalprice) from orders)
order by o_orderkey

-- a21: orders above their customer's mean
select o_orderkey, o_custkey from orders o where o_totalprice > (select avg(o_totalprice) from orders i where i.o_custkey = o.o_custkey)
order by o_orderkey

-- a22: count of each customer's orders as a value
select c_custkey, (select count(*) from orders where o_custkey = c_custkey) as n,
  (select max(o_orderdate) from orders where o_custkey = c_custkey) as latest from customer
order by c_custkey

-- a23: a flag instead of a filter
select c_custkey, c_custkey in (select o_custkey from orders) as orders from customer
order by c_custkey

-- a24: rich or without orders
select c_custkey from customer where c_acctbal > 500 or not exists (select 1 from orders where o_custkey = c_custkey)
order by c_custkey

-- a25: one of two reasons, both queries
select s_suppkey from supplier where s_nationkey in (select c_nationkey from customer where c_acctbal < 0)
  or s_suppkey in (select l_suppkey from lineitem where l_quantity > 45)
order by s_suppkey

-- a26: the months of orders
select extract(year from o_orderdate) as y, extract(month from o_orderdate) as m, count(*) as n, sum(o_totalprice) as total
from orders group by extract(year from o_orderdate), extract(month from o_orderdate)
order by y nulls last, m nulls last

-- a27: distinct pairs
select distinct l_shipmode, l_returnflag from lineitem
order by l_shipmode nulls last, l_returnflag nulls last

-- a28: count distinct beside count
select l_shipmode, count(*) as n, count(distinct l_partkey) as parts, count(distinct l_suppkey) as suppliers,
  sum(distinct l_quantity) as quantities from lineitem group by l_shipmode
order by l_shipmode nulls last

-- a29: filters of aggregates
select o_custkey, count(*) filter (where o_orderstatus = 'F') as finished, count(*) filter (where o_orderstatus = 'O') as open,
  max(o_totalprice) filter (where o_orderpriority = '1-URGENT') as urgent from orders group by o_custkey
order by o_custkey nulls last

-- a30: an aggregate of nothing
select count(*) as n, sum(o_totalprice) as total, max(o_orderdate) as latest from orders where o_totalprice < 0

-- a31: an aggregate of an empty join
select count(*) as n, min(o_orderkey) as least from orders join customer on o_custkey = c_custkey where c_name = 'nobody'

-- a32: a group of nothing
select c_mktsegment, count(*) as n from customer where c_custkey < 0 group by c_mktsegment

-- a33: counts joined to what they count
select o.o_orderkey, c.n from orders o, (select count(*) as n from lineitem) c where o.o_orderkey % 5 = 0
order by o_orderkey

-- a34: a share of the total
select r_name, sum(c_acctbal) as balance, t.total from region
  join nation on n_regionkey = r_regionkey join customer on c_nationkey = n_nationkey,
  (select sum(c_acctbal) as total from customer) t group by r_name, t.total
order by r_name

-- a35: union of joins, then grouped
select k, sum(v) as v from (
  select o_custkey as k, l_quantity as v from orders join lineitem on l_orderkey = o_orderkey
  union all select c_custkey, c_acctbal from customer join nation on n_nationkey = c_nationkey) x group by k
order by k nulls last

-- a36: union distinct
select n_name as name from nation union select r_name from region
order by name

-- a37: customers beside suppliers of the same nation, aggregated on both sides
select c.k, c.n, s.n as m, s.b from (select c_nationkey as k, count(*) as n from customer group by c_nationkey) c
  left join (select s_nationkey as k, count(*) as n, sum(s_acctbal) as b from supplier group by s_nationkey) s on c.k = s.k
order by k nulls last

-- a38: the aggregate of an aggregate of a join
select segment, max(n) as most, min(n) as least, avg(total) as mean from (
  select c_custkey, c_mktsegment as segment, count(*) as n, sum(o_totalprice) as total
  from customer join orders on o_custkey = c_custkey group by c_custkey, c_mktsegment) x group by segment
order by segment nulls last

-- a39: the second cheapest supplier of each part
select ps_partkey, ps_suppkey, ps_supplycost from (
  select ps_partkey, ps_suppkey, ps_supplycost,
    row_number() over (partition by ps_partkey order by ps_supplycost nulls last, ps_suppkey) as rn from partsupp) x where rn = 2
order by ps_partkey

-- a40: the cheapest supplier joined back
select p.p_name, s.s_name, x.ps_supplycost from part p join (
    select ps_partkey, ps_suppkey, ps_supplycost,
      row_number() over (partition by ps_partkey order by ps_supplycost nulls last, ps_suppkey) as rn from partsupp) x
  on x.ps_partkey = p.p_partkey and x.rn = 1 left join supplier s on s.s_suppkey = x.ps_suppkey
order by p_name, s_name nulls last, ps_supplycost nulls last

-- a41: gaps between a series and the orders
select g.k from generate_series(1, 20) g(k) left join orders on o_orderkey = g.k where o_orderkey is null
order by k

-- a42: names from a list of rows
select v.name, count(o_orderkey) as n from (values ('F', 'finished'), ('O', 'open'), ('P', 'partly')) v (code, name)
  left join orders on o_orderstatus = v.code group by v.name
order by name

-- a43: bands from a list of rows
select b.name, count(*) as n from customer join (values (-1000, 0, 'debt'), (0, 500, 'low'), (500, 100000, 'high')) b (lo, hi, name)
  on c_acctbal >= b.lo and c_acctbal < b.hi group by b.name
order by name

-- a44: customers of three levels of names
with o as (select o_custkey, count(*) as n from orders group by o_custkey),
  r as (select c_nationkey, sum(n) as n from customer join o on o_custkey = c_custkey group by c_nationkey),
  t as (select n_regionkey, sum(n) as n from nation join r on n_nationkey = c_nationkey group by n_regionkey)
select r_name, t.n from region left join t on n_regionkey = r_regionkey
order by r_name

-- a45: a name that is read three times
with t as (select l_partkey as k, sum(l_quantity) as q from lineitem group by l_partkey)
select a.k, a.q, (select max(q) from t) as most from t a where a.q >= (select avg(q) from t)
order by k nulls last

-- a46: the same aggregate on both sides of a join
with t as (select o_custkey as k, count(*) as n from orders group by o_custkey)
select a.k as a, b.k as b, a.n from t a join t b on a.n = b.n and a.k < b.k
order by a, b

-- a47: lines with the number of lines of their order
select l.l_orderkey, l.l_linenumber, c.n from lineitem l join (
  select l_orderkey, count(*) as n from lineitem group by l_orderkey) c on c.l_orderkey = l.l_orderkey
order by l_orderkey, l_linenumber

-- a48: right join
select n_name, c_name from nation right join customer on n_nationkey = c_nationkey
order by n_name nulls last, c_name

-- a49: right join of a query
select x.n, s_name from (select l_suppkey, count(*) as n from lineitem group by l_suppkey) x
  right join supplier on l_suppkey = s_suppkey
order by s_name, n nulls last

-- a50: full join with a condition beside the key
select c_custkey, o_orderkey from customer full join orders on o_custkey = c_custkey and o_totalprice > 500
order by c_custkey nulls last, o_orderkey nulls last

-- a51: left join of a left join
select c_custkey, o_orderkey, l_linenumber from customer left join orders on o_custkey = c_custkey
  left join lineitem on l_orderkey = o_orderkey and l_quantity > 30
order by c_custkey, o_orderkey nulls last, l_linenumber nulls last

-- a52: left join of an inner join
select c_custkey, x.n from customer left join (
  select o_custkey, count(*) as n from orders join lineitem on l_orderkey = o_orderkey group by o_custkey) x on x.o_custkey = c_custkey
order by c_custkey

-- a53: a filter above a left join
select c_custkey, o_orderkey from customer left join orders on o_custkey = c_custkey
where coalesce(o_orderstatus, 'none') in ('none', 'P')
order by c_custkey, o_orderkey nulls last

-- a54: distinct of a join, counted
select count(*) as n from (select distinct c_nationkey, s_nationkey from customer, supplier where c_acctbal > s_acctbal) x

-- a55: equal with NULLs
select a.c_custkey as a, b.s_suppkey as b from customer a join supplier b on a.c_nationkey is not distinct from b.s_nationkey
order by a, b

-- a56: conditions on groups of groups
select n, m from (select count(*) as n, m from (select o_custkey, count(*) as m from orders group by o_custkey having count(*) > 1) x
  group by m having count(*) > 0) y where m < 10
order by n, m

-- a57: any and all
select s_suppkey from supplier where s_acctbal >= all (select c_acctbal from customer where c_nationkey = 1 and c_acctbal is not null)
order by s_suppkey

-- a58: less than any
select c_custkey from customer where c_acctbal < any (select s_acctbal from supplier where s_acctbal is not null)
order by c_custkey

-- a59: negated exists over a query with exists
select c_custkey from customer where not exists (select 1 from orders where o_custkey = c_custkey
  and not exists (select 1 from lineitem where l_orderkey = o_orderkey))
order by c_custkey

-- a60: the top of an aggregate
select o_custkey, sum(o_totalprice) as total from orders group by o_custkey
order by total desc nulls last, o_custkey nulls last limit 3 offset 1

-- a61: the ranks of an aggregate
select k, total, rn from (select k, total, row_number() over (order by total desc nulls last, k nulls last) as rn
  from (select o_custkey as k, sum(o_totalprice) as total from orders group by o_custkey) x) y where rn <= 4
order by rn

-- a62: a rank per segment over a left join
select c_mktsegment, c_custkey, n from (
  select c_mktsegment, c_custkey, n, row_number() over (partition by c_mktsegment order by n desc, c_custkey) as rn from (
    select c_mktsegment, c_custkey, count(o_orderkey) as n from customer left join orders on o_custkey = c_custkey
    group by c_mktsegment, c_custkey) x) y where rn <= 2
order by c_mktsegment nulls last, n desc, c_custkey

-- a63: what two ranks share
select a.o_orderkey from (select o_orderkey, row_number() over (order by o_totalprice desc nulls last, o_orderkey) as rn from orders) a
  join (select o_orderkey, row_number() over (order by o_orderdate desc nulls last, o_orderkey) as rn from orders) b
  on a.o_orderkey = b.o_orderkey where a.rn <= 8 and b.rn <= 8
order by o_orderkey

-- a64: deliveries by weekday
select extract(dow from l_receiptdate) as d, count(*) as n, min(l_receiptdate) as first_one from lineitem group by extract(dow from l_receiptdate)
order by d nulls last

-- a65: days between shipping and receipt
select l_shipmode, max(l_receiptdate - l_shipdate) as slowest, min(l_receiptdate - l_shipdate) as fastest from lineitem group by l_shipmode
order by l_shipmode nulls last

-- a66: three levels of CASE
select case when c_acctbal < 0 then 'debt' when c_acctbal < 500 then 'low' when c_acctbal is null then 'unknown' else 'high' end as band,
  count(*) as n from customer group by case when c_acctbal < 0 then 'debt' when c_acctbal < 500 then 'low' when c_acctbal is null then 'unknown' else 'high' end
order by band

-- a67: text in upper case and its length
select upper(c_mktsegment) as segment, max(length(c_name)) as longest, min(c_name) as least from customer group by upper(c_mktsegment)
order by segment nulls last

-- a68: a cross join of two aggregates
select a.n, b.n as m from (select count(*) as n from customer) a cross join (select count(*) as n from orders where o_orderkey < 0) b

-- a69: a join on what an aggregate gives
select c.c_custkey, o.o_orderkey from customer c join orders o on o.o_custkey = c.c_custkey
  join (select o_custkey, max(o_totalprice) as top from orders group by o_custkey) m
  on m.o_custkey = o.o_custkey and m.top = o.o_totalprice
order by c_custkey, o_orderkey

-- a70: bool_or and bool_and
select o_custkey, bool_or(o_totalprice > 800) as any_one, bool_and(o_totalprice > 100) as every_one from orders group by o_custkey
order by o_custkey nulls last

-- a71: market baskets
select a.l_partkey as a, b.l_partkey as b, count(*) as n from lineitem a join lineitem b
  on a.l_orderkey = b.l_orderkey and a.l_partkey < b.l_partkey group by a.l_partkey, b.l_partkey having count(*) > 1
order by n desc, a, b

-- a72: a union below a semi join
select n_name from nation where n_nationkey in (select c_nationkey from customer union select s_nationkey from supplier)
order by n_name

-- a73: an intersection below an anti join
select n_name from nation where n_nationkey not in (
  select c_nationkey from customer where c_nationkey is not null intersect select s_nationkey from supplier where s_nationkey is not null)
order by n_name

-- a74: nothing joined to something
select c_custkey, x.k from customer left join (select o_orderkey as k from orders where o_orderkey is null) x on x.k = c_custkey
order by c_custkey

-- a75: what is left when all is taken away
select c_custkey from customer except select c_custkey from customer where c_custkey is not null

-- a76: a scalar query over an empty table
select c_custkey, (select sum(l_quantity) from lineitem where l_quantity < 0) as nothing from customer where c_custkey < 4
order by c_custkey

-- a77: comparison with a scalar of nothing
select c_custkey from customer where c_acctbal > (select max(o_totalprice) from orders where o_orderkey < 0)

-- a78: under a sum, a left join that finds nothing
select c_mktsegment, sum(coalesce(o_totalprice, 0)) as total, count(*) as n from customer
  left join orders on o_custkey = c_custkey and o_orderstatus = 'X' group by c_mktsegment
order by c_mktsegment nulls last

-- a79: rows that stand for themselves, joined in a chain
select v.a, w.b, c_name from (values (1, 2), (2, 3), (3, null)) v (a, k) left join (values (2, 'two'), (3, 'three')) w (k, b) on v.k = w.k
  left join customer on c_custkey = v.a
order by a
