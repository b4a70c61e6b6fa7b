import type { Metadata } from "next";
import { InvitationPage } from "../../console/invitation/invitation-page";

export const metadata: Metadata = { title: "Invitation" };

export default InvitationPage;
