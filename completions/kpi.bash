# Completion of kpi for bash. Written by `make completions`; do not edit.
# Put it into ~/.local/share/bash-completion/completions/kpi, or source it.

_kpi() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= options= each
    COMPREPLY=()
    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $each in roi|cac|channels|ltv|funnel|report|init|explain|check) command=$each; break ;; esac
    done
    if [[ -z $command ]]; then
        COMPREPLY=($(compgen -W 'roi cac channels ltv funnel report init explain check --version --help' -- "$word"))
        return
    fi
    case $command:$before in
        *:--decimal) options='. ,' ;;
        *:--every) options='day week month quarter year' ;;
        *:--date-format) options='dmy mdy ymd excel' ;;
        *:--lang) options='en fr' ;;
        *:--model) options='first last last-non-direct linear position time-decay markov shapley all' ;;
        *:--first-payment) options='included excluded period-end' ;;
        *:--last) options='month quarter year 30d' ;;
        *:--compare) options='previous year' ;;
        *:--allocate) options='revenue media customers even' ;;
        *:--accounts) options='separate' ;;
        *:--format|*:-f) options='table json csv markdown html xlsx' ;;
        *:--training|*:--config|*:--spend|*:--sales|*:--costs|*:--traffic|*:--leads|*:--search|*:--mail|*:--social|*:--progress|*:--events|*:--touches|*:--rates|*:--output|*:-o|*:--customers-out) return ;; # a file: bash's own completion
        *:--revenue|*:--cost|*:--month|*:--from|*:--to|*:--as-of|*:--by|*:--sort|*:--top|*:--margin|*:--sales-from|*:--currency|*:--tz|*:--encoding|*:--map|*:--fail-if|*:--target|*:--customers|*:--why|*:--half-life|*:--horizon|*:--holdout|*:--average-sale|*:--purchases|*:--retention|*:--arpa|*:--retention-rate|*:--churn-rate|*:--discount|*:--retention-gain|*:--steps|*:--within|*:--between|*:--change|*:--split|*:--control|*:--stage|*:--a|*:--b) compopt +o default 2>/dev/null; return ;;
    esac
    if [[ -z $options && $word == -* ]]; then
        case $command in
            roi) options='--revenue --cost --training --config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            cac) options='--target --cost --customers --config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            channels) options='--why --model --half-life --config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            ltv) options='--cohorts --predict --horizon --holdout --customers-out --average-sale --purchases --retention --arpa --retention-rate --churn-rate --discount --first-payment --retention-gain --config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            funnel) options='--steps --within --between --test --change --split --control --stage --a --b --config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            report) options='--config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            init) options='--force --config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            explain) options='--config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
            check) options='--config --no-config --spend --sales --costs --traffic --leads --search --mail --social --progress --events --touches --rates --month --last --from --to --every --compare --as-of --by --sort --top --margin --gross --prorate --allocate --dedupe --sales-from --accounts --currency --decimal --date-format --tz --encoding --map --strict --fail-if --explain --format -f --json --output -o --lang --quiet -q --help' ;;
        esac
    fi
    [[ -n $options ]] || return
    COMPREPLY=($(compgen -W "$options" -- "$word"))
}

complete -o default -F _kpi kpi
