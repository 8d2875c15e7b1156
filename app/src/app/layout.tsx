import "./globals.css";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { preferences } from "@/server/preferences";
import { Awake } from "@/ui/awake";

export const metadata: Metadata = { title: { default: "Founder Diary", template: "%s · Founder Diary" }, robots: { index: false } };
export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#faf8f4" },
    { media: "(prefers-color-scheme: dark)", color: "#17171a" },
  ],
};

export default async function Layout({ children }: { readonly children: ReactNode }) {
  const { locale, theme, t } = await preferences();
  return (
    <html lang={locale} data-theme={theme}>
      <body>
        <a className="skip" href="#content">{t.skip}</a>
        {children}
        <Awake />
      </body>
    </html>
  );
}
