-- Ends a membership and everything that depends on it: the person's keys in this organization, the open invitations for
-- their address, and their sessions about it. Returns the number of revoked keys.
create or replace function portcullis_end_membership(p_organization_id text, p_member_id text, p_now timestamptz) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_within text := portcullis_organization();
  v_user_id text;
  v_revoked integer;
begin
  if p_organization_id <> coalesce(v_within, p_organization_id) then
    raise exception 'another organization' using errcode = 'insufficient_privilege';
  end if;
  delete from members m where m.member_id = p_member_id and m.organization_id = p_organization_id
    returning m.user_id into v_user_id;
  if v_user_id is null then return 0; end if;
  update api_keys k set revoked_at = p_now
    where k.user_id = v_user_id and k.organization_id = p_organization_id and k.revoked_at is null;
  get diagnostics v_revoked = row_count;
  update invitations i set revoked_at = p_now
    where i.organization_id = p_organization_id and i.accepted_at is null and i.revoked_at is null
      and i.email = (select u.email from users u where u.user_id = v_user_id);
  perform set_config('portcullis.organization_id', p_organization_id, true);
  perform portcullis_leave(v_user_id);
  perform set_config('portcullis.organization_id', coalesce(v_within, ''), true);
  return v_revoked;
end $$;

revoke execute on function portcullis_end_membership from public;
grant execute on function portcullis_end_membership to portcullis_tenant, portcullis_host, portcullis_identity;
