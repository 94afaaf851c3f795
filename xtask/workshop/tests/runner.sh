#!/bin/bash
# Stands in for the runner: lists two exercises, and grades by what stands in `answer`. What it does is in `log`.
root=$PWD
line() { printf '%s\n' "$1"; }
log() { echo "$1" >>"$root/log"; }
if [ "$1" = lab ] && [ "$2" = --format ]; then
  line '[{"lab":"01-one","title":"The first","question":"Why?","hints":[{"key":"no","text":"It says no. Say yes."},{"key":"otherwise","text":"Look again."}]},'
  line '{"lab":"02-two","title":"The second","question":"How?","hints":[]}]'
  exit
fi
answer=$(<"labs/$2/exercise/answer")
line '{"lab":"x","event":"lab","engine":"pocket","chapter":"c","title":"t","question":"q","blocks":[1]}'
line '{"lab":"x","event":"step","line":1,"command":"cat answer"}'
line "{\"lab\":\"x\",\"event\":\"output\",\"text\":\"it says: $answer\\n\"}"
log "began $1 $2 $answer"
ended() { line "{\"lab\":\"x\",\"event\":\"lab-ended\",\"verdict\":\"$1\",\"millis\":1$2}"; }
case $answer in
  yes*) ended passed ;;
  slow)
    # As the runner does: an interrupt cleans up, and takes its time.
    trap 'log "cleaned up"; kill "$!"; exit 130' INT
    log "waits as $$"
    sleep infinity &
    wait ;;
  late)
    # Told to give up when its verdict is out already.
    trap 'ended passed; log "cleaned up"; kill "$!"; exit 0' INT
    log "waits as $$"
    sleep infinity &
    wait ;;
  much) for ((i = 0; i < 3000; i++)); do line '{"lab":"x","event":"output","text":"much\n"}'; done; ended passed ;;
  broken) echo 'the machine is broken' >&2; exit 2 ;;
  no)
    line '{"lab":"x","event":"step-ended","line":1,"passed":false,"status":0,"expected_status":0,"difference":"- yes\n+ no\n","millis":1}'
    ended failed ',"problem":"error: told above","hint":"It says no. Say yes.","hint_key":"no"'; exit 1 ;;
  *) ended failed ',"problem":"error: not what the book says","hint":"It says no. Say yes."'; exit 1 ;;
esac
