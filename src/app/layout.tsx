import { ColorSchemeScript, mantineHtmlProps } from "@mantine/core";
import type { Metadata } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { ConsoleProvider } from "../console/frame/console-provider";
import "@mantine/core/styles.css";
import "../console/frame/base.css";

export const metadata: Metadata = {
  title: { default: "Portcullis", template: "%s · Portcullis" },
  description: "Access control for applications behind Traefik, with proof that it is enforced.",
  robots: { index: false, follow: false },
};

/**
 * The document around every page. It reads the nonce that the server in front of Next created for this response, so no
 * page is rendered in advance.
 */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce") ?? "";
  return (
    <html lang="en" {...mantineHtmlProps}>
      <head>
        <ColorSchemeScript nonce={nonce} defaultColorScheme="auto" />
      </head>
      <body>
        <ConsoleProvider nonce={nonce}>{children}</ConsoleProvider>
      </body>
    </html>
  );
}
