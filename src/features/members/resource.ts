import { resource } from "../../operations/resource";

export const member = resource("member", "memberId");
