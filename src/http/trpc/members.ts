import {
  LeaveOrganization,
  ListMembers,
  Member,
  MemberById,
  MemberPage,
  RemovedMember,
  SetProjectRole,
  UpdateMember,
} from "../../features/members/contract";
import { deleteMember } from "../../features/members/delete";
import { leaveOrganization } from "../../features/members/leave";
import { listMembers } from "../../features/members/list";
import { getMember } from "../../features/members/one";
import { setProjectRole } from "../../features/members/set-project-role";
import { updateMember } from "../../features/members/update";
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
