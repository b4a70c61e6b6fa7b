-- A person or the host's command line decides the role of a member: roles that came from groups no longer count.
create or replace function portcullis_decide_role_by_hand(p_member_id text) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  delete from member_roles r where r.member_id = p_member_id and r.organization_id = portcullis_organization()
$$;

revoke execute on function portcullis_decide_role_by_hand from public;
grant execute on function portcullis_decide_role_by_hand to portcullis_tenant;
