import {
  LeaveOrganization,
  ListMembers,
  Member,
  MemberById,
  MemberPage,
  RemovedMember,
  SetProjectRole,
  UpdateMember,
} from "../../contracts/members";
import { deleteMember } from "../../services/members/delete-member";
import { getMember } from "../../services/members/get-member";
import { leaveOrganization } from "../../services/members/leave-organization";
import { listMembers } from "../../services/members/list-members";
import { updateMember } from "../../services/members/update-member";
import { setProjectRole } from "../../services/project-roles/set-project-role";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const members = t.router({
  one: procedure("member:read", of.member)
    .input(MemberById)
    .output(Member)
    .query(({ ctx }) => getMember(ctx.authorized)),
  list: procedure("member:read", of.caller)
    .input(ListMembers)
    .output(MemberPage)
    .query(({ ctx, input }) => listMembers(ctx.authorized, input)),
  update: procedure("member:update", of.member)
    .input(UpdateMember)
    .output(Member)
    .mutation(({ ctx, input }) => updateMember(ctx.authorized, input)),
  setProjectRole: procedure("member:update", of.member)
    .input(SetProjectRole)
    .output(Member)
    .mutation(({ ctx, input }) => setProjectRole(ctx.authorized, input)),
  delete: procedure("member:delete", of.member)
    .input(MemberById)
    .output(RemovedMember)
    .mutation(({ ctx }) => deleteMember(ctx.authorized)),
  leave: procedure("account:update", of.caller)
    .input(LeaveOrganization)
    .output(RemovedMember)
    .mutation(({ ctx }) => leaveOrganization(ctx.authorized)),
});
