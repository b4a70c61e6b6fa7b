-- An entry is sealed once and never changed. Only retention removes entries, and only sealed ones.
create or replace function portcullis_audit_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.hash is null and old.sequence is null
     and (to_jsonb(new) - 'sequence' - 'hash') = (to_jsonb(old) - 'sequence' - 'hash') then
    return new;
  end if;
  if tg_op = 'DELETE' and current_user = 'portcullis_retention' and old.hash is not null then
    return old;
  end if;
  raise exception 'audit entries are append-only' using errcode = 'insufficient_privilege';
end $$;

revoke execute on function portcullis_audit_is_append_only from public;
