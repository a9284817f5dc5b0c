-- The five roles and the database, as an administrator of your PostgreSQL server (15 or newer; tried with 15 and 18):
--   OWNER_PASSWORD=… APP_PASSWORD=… SYSTEM_PASSWORD=… OPERATOR_PASSWORD=… PEOPLE_PASSWORD=… psql -f roles.sql
-- or with psql -v owner=… -v app=… -v system=… -v operator=… -v people=…, which `ps` shows to everybody on the machine.
-- A second run gives the roles these passwords and changes nothing else.
-- What each role may do is in docs/decisions/0002-database-roles.md. Migrations grant to exactly these names.
\set ON_ERROR_STOP on
\if :{?owner}
\else
    \getenv owner OWNER_PASSWORD
    \getenv app APP_PASSWORD
    \getenv system SYSTEM_PASSWORD
    \getenv operator OPERATOR_PASSWORD
    \getenv people PEOPLE_PASSWORD
\endif
SELECT 'CREATE ROLE ' || name || ' LOGIN'
FROM unnest(ARRAY['cavendish_owner', 'cavendish_app', 'cavendish_system', 'cavendish_operator', 'cavendish_people']) AS name
WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE cavendish_owner    LOGIN PASSWORD :'owner';
ALTER ROLE cavendish_app      LOGIN PASSWORD :'app';
ALTER ROLE cavendish_system   LOGIN PASSWORD :'system';
ALTER ROLE cavendish_operator LOGIN PASSWORD :'operator';
ALTER ROLE cavendish_people   LOGIN PASSWORD :'people';
SELECT 'CREATE DATABASE cavendish OWNER cavendish_owner ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'cavendish') \gexec
REVOKE ALL ON DATABASE cavendish FROM PUBLIC;
GRANT CONNECT ON DATABASE cavendish TO cavendish_app, cavendish_system, cavendish_operator, cavendish_people;
