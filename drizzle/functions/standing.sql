-- The roles of a person in an organization and at one of its projects; null if the person is not a member.
create or replace function portcullis_standing(p_user_id text, p_organization_id text, p_project_id text) returns jsonb
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_member members%rowtype;
  v_at project_roles%rowtype;
begin
  select * into v_member from members m where m.user_id = p_user_id and m.organization_id = p_organization_id;
  if not found then return null; end if;
  if p_project_id is not null then
    select * into v_at from project_roles p where p.member_id = v_member.member_id and p.project_id = p_project_id
      and p.organization_id = v_member.organization_id;
  end if;
  return jsonb_build_object(
    'organization', portcullis_grant(v_member.role, v_member.role_id, v_member.organization_id),
    'project', portcullis_grant(v_at.role, v_at.role_id, v_at.organization_id));
end $$;

revoke execute on function portcullis_standing from public;
