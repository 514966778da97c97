create table region (r_regionkey int not null primary key, r_name varchar);
create table nation (n_nationkey int not null primary key, n_name varchar, n_regionkey int);
create table supplier (s_suppkey int not null primary key, s_name varchar, s_nationkey int, s_acctbal decimal(12, 2), s_comment varchar);
create table customer (c_custkey int not null primary key, c_name varchar, c_nationkey int, c_phone varchar, c_acctbal decimal(12, 2), c_mktsegment varchar);
create table part (p_partkey int not null primary key, p_name varchar, p_mfgr varchar, p_brand varchar, p_type varchar, p_size int, p_container varchar, p_retailprice decimal(12, 2));
create table partsupp (ps_partkey int not null, ps_suppkey int not null, ps_availqty int, ps_supplycost decimal(12, 2), primary key (ps_partkey, ps_suppkey));
create table orders (o_orderkey int not null primary key, o_custkey int, o_orderstatus varchar, o_totalprice decimal(12, 2), o_orderdate date, o_orderpriority varchar, o_comment varchar);
create table lineitem (l_orderkey int not null, l_linenumber int not null, l_partkey int, l_suppkey int, l_quantity decimal(12, 2), l_extendedprice decimal(12, 2), l_discount decimal(4, 2), l_tax decimal(4, 2), l_returnflag varchar, l_linestatus varchar, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct varchar, l_shipmode varchar, primary key (l_orderkey, l_linenumber));
