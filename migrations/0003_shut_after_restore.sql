-- A restore is no explicit act: where the folder is newer than the database, the sync takes back what opened an
-- application. It may only ever shut one, and writes down that it did.
grant update (opened_by) on applications to portcullis_sync;
--> statement-breakpoint
create policy sync_shuts on applications for update to portcullis_sync using (true) with check (opened_by is null);
--> statement-breakpoint
grant insert on audit_entries to portcullis_sync;
--> statement-breakpoint
create policy sync_audits on audit_entries for insert to portcullis_sync
  with check (actor_kind = 'system' and sequence is null and hash is null);
