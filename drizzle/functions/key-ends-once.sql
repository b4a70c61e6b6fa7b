-- The end of a key can only move closer, and a revoked key stays revoked: no update makes a key live longer.
create or replace function portcullis_key_ends_once() returns trigger language plpgsql as $$
begin
  if (old.expires_at is not null and (new.expires_at is null or new.expires_at > old.expires_at))
     or (old.revoked_at is not null and new.revoked_at is null) then
    raise exception 'the end of an API key is only brought forward' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

revoke execute on function portcullis_key_ends_once from public;
