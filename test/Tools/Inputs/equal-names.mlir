// Two outputs of one name: the runtime refuses that.
module attributes {moe.phase = "bufferize"} {
  moert.program @main {
    %x, %n = moert.input "x" names ["N"] : tensor<?xf32>
    %y = moert.buffer
    %z = moert.buffer
    moert.place %y, %n
    moert.place %z, %n
    moert.output "y" %y dims(%n) : tensor<?xf32>
    moert.output "y" %z dims(%n) : tensor<?xf32>
    moert.end
  }
}
