/**
 * The scripts for the shells. They know nothing of the commands: each hands the words before the cursor to
 * `awsrole completion --words`, by the name under which awsrole was called, and shows what comes back (`candidates.ts`).
 */

export const completionShells = ["bash", "zsh", "fish", "powershell"] as const;
export type CompletionShell = (typeof completionShells)[number];

/** How a shell is told to use its script; the first lines of the script say it too. */
export const howToInstall: Readonly<Record<CompletionShell, string>> = {
  bash: `in ~/.bashrc: eval "$(awsrole completion bash)"`,
  zsh: `in ~/.zshrc: source <(awsrole completion zsh)`,
  fish: `once: awsrole completion fish > ~/.config/fish/completions/awsrole.fish`,
  powershell: `in $PROFILE: awsrole completion powershell | Out-String | Invoke-Expression`,
};

/** `%{` is the shells' `${`, which a template literal would take for its own. (Only ASCII here: bun escapes the rest even in raw templates.) */
const script = (template: string): string => template.replaceAll("%{", "${");

/**
 * bash, from the 3.2 of macOS on. The line is split again at blanks, because bash also splits at `:`, `=` and `@`, which stand in
 * names of profiles; what it takes for the part before the last of these is taken off the candidates again.
 */
const bash = script(String.raw`# awsrole completion for bash (${howToInstall.bash})
_awsrole() {
  local line=%{COMP_LINE:0:COMP_POINT} word= prefix= entry candidate breaks i
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=%{words[%{#words[@]}-1]}
  breaks=%{COMP_WORDBREAKS//[^@:=]/}
  [[ -n $breaks && $word == *["$breaks"]* ]] && prefix=%{word%"%{word##*["$breaks"]}"}
  # With hostcomplete on, bash replaces from the @ itself.
  shopt -q hostcomplete && prefix=%{prefix%@}
  COMPREPLY=()
  while IFS= read -r entry; do
    candidate=%{entry%%$'\t'*}
    if [[ $entry == $'\tfiles' ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r entry; do COMPREPLY+=("$entry"); done < <(compgen -f -- "%{word#--*=}")
    elif [[ $entry == $'\tcommands' ]]; then
      for ((i = 1; i < COMP_CWORD; i++)); do [[ %{COMP_WORDS[i]} == -- ]] && break; done
      if declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
      elif ((i + 1 == COMP_CWORD)); then
        while IFS= read -r entry; do COMPREPLY+=("$entry"); done < <(compgen -c -- "$word")
      else
        compopt -o filenames 2>/dev/null
        while IFS= read -r entry; do COMPREPLY+=("$entry"); done < <(compgen -f -- "$word")
      fi
    elif [[ $candidate == "$word"* ]]; then
      COMPREPLY+=("%{candidate#"$prefix"}")
    fi
  done < <("$1" completion --words "%{words[@]:1}" 2>/dev/null)
}
complete -F _awsrole awsrole
`);

const zsh = script(String.raw`#compdef awsrole
# awsrole completion for zsh (${howToInstall.zsh};
# or as a file _awsrole in a folder of your fpath)
_awsrole() {
  local entry
  local -a described
  local -i at=%{words[(i)--]}
  for entry in "%{(@f)$(%{~words[1]} completion --words "%{(@Q)words[2,CURRENT-1]}" "%{(Q)PREFIX}" 2>/dev/null)}"; do
    case $entry in
      $'\tfiles') compset -P '--*='; _files ;;
      $'\tcommands') shift $at words; (( CURRENT -= at )); _normal ;;
      ?*) described+=("%{%{entry%%$'\t'*}//:/\\:}:%{entry#*$'\t'}") ;;
    esac
  done
  (( $#described )) && _describe -t words awsrole described
}
if [[ $funcstack[1] == _awsrole ]]; then
  _awsrole "$@"
elif (( $+functions[compdef] )); then
  compdef _awsrole awsrole
else
  # compinit may come later in the start file, or never.
  _awsrole_compdef() {
    precmd_functions=(%{precmd_functions:#_awsrole_compdef})
    (( $+functions[compdef] )) && compdef _awsrole awsrole
  }
  typeset -ga precmd_functions
  precmd_functions+=(_awsrole_compdef)
fi
`);

const fish = script(String.raw`# awsrole completion for fish (${howToInstall.fish})
function __awsrole_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    $program completion --words $words "$current" 2>/dev/null | while read -l entry
        switch $entry
            case \tfiles
                __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current")
            case \tcommands
                set -l at (contains -i -- -- $words)
                set -e words[1..$at]
                complete -C (string join ' ' -- (string escape -- $words) "$current")
            case '*'
                echo $entry
        end
    end
end
complete -c awsrole -f -a '(__awsrole_complete)'
`);

/**
 * PowerShell completes files by itself where nothing is offered. Before 7.3 it drops an empty argument, so the word that is still
 * empty is handed over in quotes of its own.
 */
const powershell = String.raw`# awsrole completion for PowerShell (${howToInstall.powershell})
Register-ArgumentCompleter -Native -CommandName awsrole -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $program = (Get-Command awsrole -CommandType Application | Select-Object -First 1).Source
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object { $_.Extent.Text })
  $last = $wordToComplete
  if ($last -eq '' -and $PSVersionTable.PSVersion -lt [version]'7.3') { $last = '""' }
  & $program completion --words @words $last 2>$null | ForEach-Object {
    $word, $description = $_ -split "\t", 2
    if ($word -and $word.StartsWith($wordToComplete)) {
      if (-not $description) { $description = $word }
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $description)
    }
  }
}
`;

/** The script for a shell. */
export const completionScripts: Readonly<Record<CompletionShell, string>> = {
  bash,
  zsh,
  fish,
  powershell,
};
