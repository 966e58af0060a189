-- Lets the roles that the migrations have made in, with the passwords of the files in :secrets.
-- Run by psql after every migration, by docker-compose.yml and by `ringside demo`.
\set ON_ERROR_STOP on
\set writer `cat :'secrets'/writer_password`
\set reader `cat :'secrets'/reader_password`
-- The log of statements must not hold them.
set log_statement = 'none';
set log_min_error_statement = 'panic';
alter role ringside_writer login password :'writer';
alter role ringside_reader login password :'reader';
