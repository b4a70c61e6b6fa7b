import type { Metadata } from "next";
import type { ReactNode } from "react";
import "../ui/base.css";

export const metadata: Metadata = {
  title: "Portcullis",
  description: "Who may reach what behind Traefik, and proof that it is so.",
  robots: { index: false, follow: false },
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
