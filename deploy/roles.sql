-- The five roles and the database, once, as an administrator of your PostgreSQL server (15 or newer; tried with 18):
--   psql -v owner=… -v app=… -v system=… -v operator=… -v people=… -f roles.sql
-- What each role may do is in docs/decisions/0002-database-roles.md. Migrations grant to exactly these names.
CREATE ROLE cavendish_owner    LOGIN PASSWORD :'owner';
CREATE ROLE cavendish_app      LOGIN PASSWORD :'app';
CREATE ROLE cavendish_system   LOGIN PASSWORD :'system';
CREATE ROLE cavendish_operator LOGIN PASSWORD :'operator';
CREATE ROLE cavendish_people   LOGIN PASSWORD :'people';
CREATE DATABASE cavendish OWNER cavendish_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE cavendish FROM PUBLIC;
GRANT CONNECT ON DATABASE cavendish TO cavendish_app, cavendish_system, cavendish_operator, cavendish_people;
