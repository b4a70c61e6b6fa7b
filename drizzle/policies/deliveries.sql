grant select, insert, update, delete on deliveries to portcullis_sync;
grant select on deliveries to portcullis_host;
