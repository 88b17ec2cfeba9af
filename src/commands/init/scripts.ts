/**
 * The functions that `init` defines in a shell. `awsrole use` must change the shell itself, so a function evaluates what the program prints;
 * everything else goes to the program as it is. `awsrole_prompt` asks the program only while a profile is in use.
 */

export const initShells = ["bash", "zsh", "fish", "powershell"] as const;
export type InitShell = (typeof initShells)[number];

/** `%{` is the shells' `${`, which a template literal would take for its own. */
const script = (template: string): string => template.replaceAll("%{", "${");

/** bash and zsh differ in the name that is handed on, and in what their prompts expand. */
const posix = (shell: "bash" | "zsh"): string =>
  script(String.raw`
awsrole() {
  if [[ %{1-} != use || " $* " == *" --help"* || " $* " == *" -h "* || " $* " == *" --version"* || " $* " == *" -V "* ]]; then
    command awsrole "$@"
    return
  fi
  local statements
  shift
  statements=$(command awsrole use --shell ${shell} "$@") && eval "$statements"
}
awsrole_prompt() {
  local segment
  [[ -n %{AWSROLE_PROFILE-}%{AWS_PROFILE-} ]] || return 0
  segment=$(command awsrole list --prompt 2>/dev/null)
  segment=%{segment:-$AWS_PROFILE}
  printf '(%s) ' "${shell === "zsh" ? String.raw`%{segment//\%/%%}` : "$segment"}"
}
`);

const fish = String.raw`
function awsrole
    if test "$argv[1]" != use; or string match -qr -- '^(--help|-h$|--version|-V$)' $argv
        command awsrole $argv
        return
    end
    set -l statements (command awsrole use --shell fish $argv[2..-1])
    or return
    string join \n -- $statements | source
end
function awsrole_prompt
    test -n "$AWSROLE_PROFILE$AWS_PROFILE"; or return 0
    set -l segment (command awsrole list --prompt 2>/dev/null)
    test -n "$segment"; or set segment $AWS_PROFILE
    printf '(%s) ' "$segment"
end
`;

const powershell = String.raw`
function global:awsrole {
  $program = (Get-Command awsrole -CommandType Application | Select-Object -First 1).Source
  if ($args.Count -eq 0 -or $args[0] -ne 'use' -or $args -contains '--help' -or $args -contains '-h' -or $args -contains '--version' -or $args -ccontains '-V') {
    & $program @args
    return
  }
  $others = @($args | Select-Object -Skip 1)
  $statements = & $program use --shell powershell @others
  if ($LASTEXITCODE -eq 0) { $statements | Out-String | Invoke-Expression }
}
function global:awsrole_prompt {
  if (-not "$Env:AWSROLE_PROFILE$Env:AWS_PROFILE") { return '' }
  $program = (Get-Command awsrole -CommandType Application | Select-Object -First 1).Source
  $segment = & $program list --prompt 2>$null
  if (-not $segment) { $segment = $Env:AWS_PROFILE }
  "($segment) "
}
`;

/** The functions, by shell. */
export const functions: Readonly<Record<InitShell, string>> = {
  bash: posix("bash"),
  zsh: posix("zsh"),
  fish,
  powershell,
};

/** What puts `awsrole_prompt` in front of the prompt, once. */
export const promptSetups: Readonly<Record<InitShell, string>> = {
  bash: `[[ $PS1 == *awsrole_prompt* ]] || PS1='$(awsrole_prompt)'"$PS1"\n`,
  zsh: `setopt prompt_subst\n[[ $PROMPT == *awsrole_prompt* ]] || PROMPT='$(awsrole_prompt)'"$PROMPT"\n`,
  fish: `if not functions -q __awsrole_fish_prompt
    functions -c fish_prompt __awsrole_fish_prompt
    function fish_prompt
        awsrole_prompt
        __awsrole_fish_prompt
    end
end
`,
  powershell: `if (-not $global:__awsrole_prompt) {
  $global:__awsrole_prompt = $function:prompt
  function global:prompt { "$(awsrole_prompt)$(& $global:__awsrole_prompt)" }
}
`,
};
