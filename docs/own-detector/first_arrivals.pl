#!/usr/bin/perl
# A detector in plain Perl: first_arrivals.pl RECORDING OUT
#
# Reads a recording folder whose audio is WAV with 32-bit floats (detector.wav=true), writes OUT/alerts.jsonl. It takes
# every sudden loud sound as a pulse and looks for the place from which most stations would have heard one at the
# same time. No echoes, no classes, no regions: an example, not a good detector.
use strict;
use warnings;

my ($recording, $out) = @ARGV;
die "usage: first_arrivals.pl RECORDING OUT\n" unless defined $out;

my $FRAME_S  = 0.005;    # peaks are taken over frames of this length
my $LOUD     = 8;        # a pulse's peak over the median peak ...
my $SUDDEN   = 2.5;      # ... and over the four frames before it
my $DEAD_S   = 0.25;     # then nothing for so long: that is echo
my $SAME_S   = 0.015;    # pulses of one bang agree on its time to this
my $LEAST    = 4;        # stations
my $STEP_M   = 10;       # of the search

my $site  = parse_json(read_file("$recording/site.json"));
my $speed = 331.3 * sqrt(1 + $site->{air}{temperature_c} / 273.15);
my @stations = @{ $site->{stations} };
my @pulses = sort { $a->[0] <=> $b->[0] } map { my $i = $_; map { [$_, $i] } pulses_of($stations[$i]) } 0 .. $#stations;

open my $alerts, '>', "$out/alerts.jsonl" or die "cannot write $out/alerts.jsonl: $!\n";
my $number = 0;
while (@pulses >= $LEAST) {
    my $first = $pulses[0][0];
    my @near = grep { $_->[0] < $first + 1.5 } @pulses;
    my $best = search(\@near);
    if ($best->{count} >= $LEAST) {
        printf $alerts qq({"id": "A%03d", "time_s": %.4f, "position_m": [%.1f, %.1f], "round_times_s": [%.4f]}\n),
            ++$number, $best->{time}, $best->{x}, $best->{y}, $best->{time};
        my %used = map { $_ => 1 } @{ $best->{pulses} };
        @pulses = grep { !$used{$_} } @pulses;
    }
    # What the earliest pulse belongs to is known now, or never.
    shift @pulses if @pulses && $pulses[0][0] == $first;
}
close $alerts or die "cannot write $out/alerts.jsonl: $!\n";

# Returns the times of a station's pulses, s on its clock.
sub pulses_of {
    my ($station) = @_;
    my @times;
    for my $piece (@{ $station->{audio} }) {
        my ($rate, $samples) = read_wav("$recording/$piece->{file}");
        my $frame = int($FRAME_S * $rate);
        my @peak;
        for (my $i = 0 ; $i + $frame <= @$samples ; $i += $frame) {
            my $peak = 0;
            for (@$samples[$i .. $i + $frame - 1]) { my $v = $_ < 0 ? -$_ : $_; $peak = $v if $v > $peak }
            push @peak, $peak;
        }
        next unless @peak;
        my $floor = (sort { $a <=> $b } @peak)[ @peak / 2 ];
        my $free = 4;
        for my $k (4 .. $#peak) {
            next if $k < $free || $peak[$k] < $LOUD * $floor;
            next if grep { $peak[$k] < $SUDDEN * $peak[$k - $_] } 1 .. 4;
            my ($at) = grep { abs $samples->[$_] > 0.5 * $peak[$k] } $k * $frame .. ($k + 1) * $frame - 1;
            push @times, $piece->{start_s} + $at / $rate;
            $free = $k + int($DEAD_S / $FRAME_S);
        }
    }
    return @times;
}

# Returns the place in the stations' midst, and the time, that most stations agree on: coarse first, then fine.
sub search {
    my ($near) = @_;
    my @x = sort { $a <=> $b } map { $_->{position_m}[0] } @stations;
    my @y = sort { $a <=> $b } map { $_->{position_m}[1] } @stations;
    my $best = best_of($near, $x[0], $x[-1], $y[0], $y[-1], $STEP_M);
    return $best if $best->{count} < $LEAST;
    return best_of($near, $best->{x} - $STEP_M, $best->{x} + $STEP_M, $best->{y} - $STEP_M, $best->{y} + $STEP_M, 1);
}

sub best_of {
    my ($near, $west, $east, $south, $north, $step) = @_;
    my $best = { count => 0, spread => 1e9 };
    for (my $x = $west ; $x <= $east ; $x += $step) {
        for (my $y = $south ; $y <= $north ; $y += $step) {
            my @away = map { my $p = $_->{position_m}; sqrt(($p->[0] - $x)**2 + ($p->[1] - $y)**2) / $speed } @stations;
            my @fired = sort { $a->[0] <=> $b->[0] } map { [$_->[0] - $away[ $_->[1] ], $_->[1], $_] } @$near;
            for my $from (0 .. $#fired) {
                my (%who, @group);
                for (@fired[$from .. $#fired]) {
                    last if $_->[0] > $fired[$from][0] + $SAME_S;
                    push @group, $_ unless $who{ $_->[1] }++;
                }
                my $spread = $group[-1][0] - $group[0][0];
                next if @group < $best->{count} || (@group == $best->{count} && $spread >= $best->{spread});
                $best = { count => scalar @group, spread => $spread, x => $x, y => $y, pulses => [map { $_->[2] } @group],
                    time => $group[ @group / 2 ][0] };
            }
        }
    }
    return $best;
}

sub read_file {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "cannot read $path: $!\n";
    local $/;
    return <$file>;
}

# Returns the rate, Hz, and the samples of the first channel.
sub read_wav {
    my ($path) = @_;
    my $bytes = read_file($path);
    die "$path is no WAV\n" unless substr($bytes, 0, 4) eq 'RIFF';
    my ($place, $channels, $rate) = (12);
    while ($place + 8 <= length $bytes) {
        my ($name, $size) = unpack 'a4 V', substr($bytes, $place, 8);
        if ($name eq 'fmt ') {
            (my $format, $channels, $rate) = unpack 'v v V', substr($bytes, $place + 8, 8);
            die "$path holds no 32-bit floats\n" unless $format == 3;
        }
        if ($name eq 'data') {
            my @all = unpack 'f<*', substr($bytes, $place + 8, $size);
            return ($rate, $channels == 1 ? \@all : [map { $all[ $_ * $channels ] } 0 .. @all / $channels - 1]);
        }
        $place += 8 + $size + $size % 2;
    }
    die "$path holds no samples\n";
}

# Reads JSON: objects, lists, texts without escapes, numbers, true, false, null.
sub parse_json {
    my ($text) = @_;
    my $value;
    $value = sub {
        $text =~ /\G\s*/gc;
        if ($text =~ /\G\{\s*/gc) {
            my %object;
            until ($text =~ /\G\s*\}/gc) {
                $text =~ /\G[\s,]*"([^"]*)"\s*:/gc or die "site.json is not JSON\n";
                my $key = $1;
                $object{$key} = $value->();
            }
            return \%object;
        }
        if ($text =~ /\G\[/gc) {
            my @list;
            until ($text =~ /\G[\s,]*\]/gc) { $text =~ /\G[\s,]*/gc; push @list, $value->() }
            return \@list;
        }
        return $1 if $text =~ /\G"([^"]*)"/gc || $text =~ /\G(-?[\d.]+(?:[eE][-+]?\d+)?)/gc;
        return undef if $text =~ /\G(?:null|true|false)/gc;
        die "site.json is not JSON\n";
    };
    return $value->();
}
