import { resource } from "../../operations/resource";

export const invitation = resource("invitation", "invitationId");
