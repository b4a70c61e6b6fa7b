import type { Metadata } from "next";
import { InvitationPage } from "../../ui/invitation/invitation-page";

export const metadata: Metadata = { title: "Invitation" };

export default InvitationPage;
