-- A person is no longer a member of the transaction's organization: their sessions move away from it, and end if it was
-- the person's last organization.
create or replace function portcullis_leave(p_user_id text) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  if exists (select 1 from members m where m.user_id = p_user_id and m.organization_id = portcullis_organization()) then
    raise exception 'still a member';
  end if;
  delete from sessions where user_id = p_user_id and bound_to = portcullis_organization();
  update sessions set organization_id = null where user_id = p_user_id and organization_id = portcullis_organization();
  if not exists (select 1 from members m where m.user_id = p_user_id) then
    delete from sessions where user_id = p_user_id;
  end if;
end $$;

revoke execute on function portcullis_leave from public;
grant execute on function portcullis_leave to portcullis_tenant;
