/**
 * The site: the pages of docs/, as they are. `npm ci && npm run build` in this folder. A dead link fails the build.
 * It has a lock file of its own, so that the project's own `npm ci` does not install it.
 */
import { cpSync, rmSync } from "node:fs";
import { join, posix } from "node:path";
import { defineConfig } from "vitepress";

// Copied, because pages import vue, which is found only below this folder.
const site = join(import.meta.dirname, "..");
rmSync(join(site, "pages"), { recursive: true, force: true });
cpSync(join(site, "..", "docs"), join(site, "pages"), { recursive: true });

/** Where links lead that leave docs/ (the source, the changes): the repository's pages, if its address is given. */
const repository = process.env["AWSROLE_REPOSITORY"];
const group = (text, folder, pages) => ({
  text,
  collapsed: false,
  items: pages.map(([name, title]) => ({ text: title, link: `/${folder}${name}` })),
});

// VitePress takes the default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  title: "awsrole",
  description: "Assume AWS IAM roles automatically, cached in your OS keychain",
  base: process.env["AWSROLE_SITE_BASE"] ?? "/",
  srcDir: "pages",
  rewrites: { "README.md": "index.md" },
  cleanUrls: true,
  markdown: { config: (md) => md.core.ruler.push("outside", linksOutside) },
  // crontab and systemd are plain text to the highlighter.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    search: { provider: "local" },
    outline: { level: [2, 3] },
    sidebar: [
      group("Start", "", [
        ["tutorial", "Tutorial"],
        ["faq", "FAQ"],
        ["troubleshooting", "Troubleshooting"],
      ]),
      group("How to", "how-to/", [
        ["migrating", "Migrate"],
        ["from-aws-vault", "From aws-vault"],
        ["from-granted", "From granted"],
        ["sso", "Identity Center"],
        ["saml", "SAML"],
        ["many-accounts", "Many accounts"],
        ["terraform", "Terraform, OpenTofu"],
        ["cdk", "CDK"],
        ["kubectl", "kubectl and EKS"],
        ["editors", "Editors"],
        ["containers", "Containers"],
        ["wsl", "WSL"],
        ["cron-and-systemd", "cron and systemd"],
        ["ci", "CI"],
        ["ai-agents", "AI agents"],
        ["shell-prompt", "Shell prompt"],
        ["console", "AWS console"],
        ["exec-and-serve", "exec and serve"],
        ["credentials-file", "Programs without profiles"],
        ["keys", "Long-term keys"],
        ["setup", "setup"],
        ["upgrade", "Upgrade"],
        ["uninstall", "Uninstall"],
      ]),
      group("Reference", "reference/", [
        ["commands", "Commands"],
        ["configuration", "Configuration"],
        ["json", "JSON"],
        ["exit-codes", "Exit codes"],
        ["doctor", "doctor"],
        ["programs", "What works with what"],
        ["clients", "What each SDK does"],
      ]),
      group("Explanation", "explanation/", [
        ["security", "Security"],
        ["mfa", "MFA"],
        ["caching", "Caching and expiry"],
        ["concurrency", "Many programs at once"],
        ["performance", "Performance"],
        ["keychain", "Keychains"],
        ["comparison", "Comparison"],
      ]),
      group("繁體中文", "zh-TW/", [
        ["tutorial", "教學"],
        ["walkthrough", "對照文章"],
        ["mfa", "MFA"],
        ["troubleshooting", "疑難排解"],
      ]),
    ],
  },
});

/** A link to a file outside docs/ becomes one to the repository, or plain words where its address is not known. */
function linksOutside(state) {
  const folder = posix.dirname(state.env.relativePath ?? "");
  for (const { children } of state.tokens)
    for (const [at, token] of (children ?? []).entries()) {
      const href = token.type === "link_open" ? (token.attrGet("href") ?? "") : "";
      if (href === "" || /^[a-z]+:|^#/.test(href)) continue;
      if (
        /(?:^|\/)README\.md(?:#|$)/.test(href) &&
        posix.join("docs", folder, href).startsWith("docs/README.md")
      ) {
        token.attrSet("href", href.replace("README.md", "index.md"));
        continue;
      }
      const path = posix.normalize(posix.join("docs", folder, href));
      if (path.startsWith("docs/") && /\.md(?:#|$)/.test(path)) continue;
      if (repository === undefined) {
        token.tag = "span";
        token.attrs = null;
        const close = children.slice(at).find(({ type }) => type === "link_close");
        if (close) close.tag = "span";
      } else token.attrSet("href", `${repository}/blob/main/${path}`);
    }
}
