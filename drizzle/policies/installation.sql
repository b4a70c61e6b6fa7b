grant select on installation to portcullis_sync;
grant select, insert, update, delete on installation to portcullis_host;
grant select on installation to portcullis_identity;
