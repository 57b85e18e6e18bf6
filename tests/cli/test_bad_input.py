"""Bad input: one line that names the setting and what is allowed, exit code 2, nothing written."""

import shlex

import pytest
from outcomes import Command

# The words on the command line | what the line must hold, separated by " & ".
TABLE = """
populations.inh.cell=if_cnd_exp | populations.inh.cell=if_cnd_exp is unknown & did you mean if_cond_exp?
populations.inh.cel=if_cond_exp | populations.inh.cel is unknown & did you mean populations.inh.cell?
populations.inh.cell.q=3 | populations.inh.cell.q is unknown & populations.inh.cell has
populations.inh.cell.a=abc | populations.inh.cell.a=abc & number
populations.inh.cell.a=-1 | populations.inh.cell.a=-1 & at least 0
populations.inh.cell.c=40 | populations.inh.cell.c=40 & below the peak of a spike
populations.inh.cell.integrator=rk4 | populations.inh.cell.integrator=rk4 & choose one of
populations.inh.cell=3 | populations.inh.cell=3 is not a cell
populations.inh.size=0 | populations.inh.size=0 & from 1 to 10000000
populations.inh.size=2.5 | populations.inh.size=2.5 is not a whole number
populations.inh.receptor=gaba | populations.inh.receptor=gaba is unknown & excitatory, inhibitory
populations.inh=3 | populations.inh=3 is not a group of settings
populations=3 | populations=3 & mapping
populations={a:{size:10},b:{}} stimulus=none | populations.b.size is missing & populations.b.size=100
populations={2a:{size:10}} stimulus=none | populations.2a & letters, digits and _
populations={a:{size:10}} stimulus.targets=[exc] | stimulus.targets=[exc] holds exc & choose from a
populations.inh.cell=hh_cond_exp backend=spinnaker simulation=fine | inh.cell=hh_cond_exp does not exist on backend=
projections.exc_to_in=null | projections.exc_to_in is no projection & did you mean exc_to_inh?
projections.exc_to_inh.pp=0.5 | projections.exc_to_inh.pp is unknown & fixed_probability has
projections.exc_to_inh.p=a | projections.exc_to_inh.p=a is not a number
projections.exc_to_inh.p=2 | projections.exc_to_inh.p=2 & from 0 to 1
projections.exc_to_inh.weight=-1 | projections.exc_to_inh.weight=-1 & must not be negative
projections.exc_to_inh.delay_ms=0.5 | projections.exc_to_inh.delay_ms=0.5 & at least one step
projections.exc_to_inh.rule=fixed_propability | exc_to_inh.rule=fixed_propability & did you mean fixed_probability?
projections.exc_to_inh={rule:fixed_in_degree,in_degree:2000} | projections.exc_to_inh.in_degree=2000 & at most 1200
projections.exc_to_inh={rule:one_to_one} | projections.exc_to_inh & exc has 1200 cells and inh has 300
projections.exc_to_inh={rule:distance_dependent,sheet_mm:-1} | projections.exc_to_inh.sheet_mm=-1 & greater than 0
projections.exc_to_inh.receptor=nmda | projections.exc_to_inh.receptor=nmda is unknown & excitatory or inhibitory
projections.new={pre:exc,post:inhh} | projections.new.post=inhh & no population & did you mean inh?
projections.new={pre:exc} | projections.new.post is missing
projections.new={pre:[exc,exc],post:inh} | projections.new.pre=[exc, exc] names exc twice
projections.new={pre:[exc,inh],post:[exc,inh],p:[[0.1,0.2]]} | projections.new.p= & has the shape 1 x 2
projections.new={pre:[exc,inh],post:[exc,inh],p:[0.1,0.2,0.3]} | projections.new.p=[0.1, 0.2, 0.3] & one list of 2
projections.a={pre:[exc],post:[inh]} projections.b={pre:[exc],post:[inh]} | projections.b: & two projections exc_to_inh
connectivity=none projections.new={pre:exc,post:inh} | projections.new.rule is missing
stimuli.bg={rate_hz:20} | stimuli.bg names no kind
stimuli.bg=background_poison | stimuli.bg=background_poison is unknown & did you mean background_poisson?
stimuli.bg=background_poisson stimuli.bg.rate_hz=-1 | stimuli.bg.rate_hz=-1 can be negative
stimuli.bg=background_poisson stimuli.bg.rat_hz=1 | stimuli.bg.rat_hz is unknown & did you mean stimuli.bg.rate_hz?
stimuli.bg={kind:background_poisson,targets:[pv]} | stimuli.bg.targets=[pv] holds pv & choose from exc, inh
stimuli.exc={kind:background_poisson,targets:[inh]} | stimuli.exc: its sources are called exc
scale.cells=0 | scale.cells=0 & greater than 0
scale.cells=-1 | scale.cells=-1 & greater than 0
scale.cells=nan | scale.cells=nan & finite
scale.cells=half | scale.cells=half is not a number
scale.cell=0.5 | scale.cell is unknown & did you mean scale.cells?
scale.cells=0.001 | scale.cells=0.001 leaves no cell of the 300 of inh
scale.cells=1e6 | scale.cells=1000000 makes 1.2e+09 cells of exc & lower it
scale.in_degree=0 | scale.in_degree=0 & greater than 0
scale.in_degree=-0.5 | scale.in_degree=-0.5 & greater than 0
scale.in_degree=0.5 | scale.in_degree=0.5 needs the mean rate of exc & write scale.rates_hz.exc=RATE
scale.in_degree=0.5 scale.rates_hz.exc=8 | scale.in_degree=0.5 needs the mean rate of inh & scale.rates_hz.inh=RATE
scale.rates_hz.pv=8 | scale.rates_hz=[pv] holds pv & choose from exc, inh
scale.rates_hz=3 | scale.rates_hz=3 is not a mapping {NAME: NUMBER, ...}
scale.rates_hz.exc=-1 | scale.rates_hz.exc=-1 & at least 0 Hz
scale.rates_hz.exc=inf | scale.rates_hz.exc=inf & finite
scale.cells=0.01 connectivity.p=0.5 | scale.cells=0.01, scale.in_degree=1 do not fit exc_to_exc & p=50 must be a prob
scale.cells=0.1 connectivity.p=2 | connectivity.p=2 & from 0 to 1 & for 2 % write 0.02
scale.cells=0.1 connectivity=all_to_all | scale.in_degree=1 is not possible with connectivity=all_to_all & same value
scale.cells=0.01 connectivity=fixed_in_degree | do not fit exc_to_exc, where connectivity.in_degree_exc=24 & at most 12
scale.in_degree=0.01 connectivity=fixed_in_degree scale.rates_hz={exc:8,inh:8} | leaves no synapse of the 24 that a cell
scale.in_degree=0.5 cell=if_cond_exp | cell.model=if_cond_exp has conductances & write scale.in_degree=1
scale.in_degree=0.5 scale.rates_hz={exc:8,inh:8} cell.tau_syn_E={distribution:uniform,low:4,high:6} | cell: & numbers
scale.in_degree=200 connectivity=none | scale.in_degree=200 needs stimulus.p=2, more than 1
scale.in_degree=0.5 scale.rates_hz={exc:8,inh:8} synapse=stdp | scale.in_degree=0.5 needs weights that stay & =stdp
connectivity=fixed_total_number connectivity.p=1 | connectivity.p=1 needs infinitely many & below 1
connectivity=fixed_total_number connectivity.exc_to_inh.p=1.5 | connectivity.exc_to_inh.p=1.5 & from 0 to 1
stimulus.p_onto.pv=0.5 | stimulus.p_onto=[pv] holds pv
stimulus.p_onto.exc=2 | stimulus.p_onto.exc=2 & from 0 to 1
simulation.dt_ms=0 | simulation.dt_ms=0 & greater than 0
simulation.dt_ms=-0.1 | simulation.dt_ms=-0.1 & greater than 0
simulation.dt_ms=nan | simulation.dt_ms=nan & finite
simulation.dt_ms=0.3 | simulation.duration_ms=1000 & multiple of simulation.dt_ms=0.3 & 999.9 or 1000.2
simulation.dt_ms=1e-9 | simulation.dt_ms=1e-09 & at least 0.0001 ms
simulation.duration_ms=0 | simulation.duration_ms=0 & greater than 0
simulation.duration_ms=inf | simulation.duration_ms=inf & finite
simulation.duration_ms=100.5 | simulation.duration_ms=100.5 & multiple & 100 or 101
simulation.duration_ms=1e13 | simulation.duration_ms=10000000000000 & more than 1e+09
simulation.duration_ms=1e8 | simulation.duration_ms=1e+08 needs & recording.cells
connectivity.n=1 | connectivity.n=1 & from 2 to 10000000
connectivity.n=1000000 | connectivity.n=1000000 needs & GB
connectivity.n=1e3 | connectivity.n=1000.0 is not a whole number (cells) & write 1000
connectivity.n=15.5 | connectivity.n=15.5 is not a whole number
connectivity.n=many | connectivity.n=many is not a whole number (cells)
connectivity.n='' | connectivity.n= & the value is missing
connectivity.exc_inh_ratio=0 | connectivity.exc_inh_ratio=0 & greater than 0
connectivity.n=3 connectivity.exc_inh_ratio=100 | connectivity.exc_inh_ratio=100 & no inhibitory cell & connectivity.n=3
connectivity.p=2 | connectivity.p=2 & from 0 to 1 & for 2 % write 0.02
connectivity.p=-0.1 | connectivity.p=-0.1 & from 0 to 1
connectivity.inh_to_exc.p=1.5 | connectivity.inh_to_exc.p=1.5 & from 0 to 1
connectivity.delay_ms=0.5 | connectivity.delay_ms=0.5 & at least one step & dt_ms=1
connectivity.delay_ms=1.5 | connectivity.delay_ms=1.5 & multiple & write 1 or 2
connectivity.delay_ms=0 | connectivity.delay_ms=0 & at least one step
connectivity.delay_ms=2.0001 | connectivity.delay_ms=2.0001 & multiple & write 2 or 3
connectivity.delay_ms=1e9 | connectivity.delay_ms=1000000000 & longer than 100000 steps
connectivity.delay_ms=null | connectivity.delay_ms=null & is not a number
connectivity.exc_to_inh.delay_ms=2.5 | connectivity.exc_to_inh.delay_ms=2.5 & multiple
connectivity.delay_ms={distribution:uniform,low:0,high:3} | connectivity.delay_ms= & below one step & low of 1 or more
connectivity.delay_ms={distribution:normal,mean:3,std:1} | connectivity.delay_ms= & below one step & give it low: 1
connectivity.delay_ms={distribution:normale,mean:3,std:1} | delay_ms.distribution=normale & did you mean normal?
connectivity.delay_ms={distribution:normal,mean:3} | connectivity.delay_ms.std is missing & mean and std
connectivity.delay_ms={distribution:normal,mean:3,std:-1} | connectivity.delay_ms.std=-1 & greater than 0
connectivity.delay_ms={distribution:uniform,low:3,high:1} | low=3 must be less than high=1
connectivity.weight_exc=-1 | connectivity.weight_exc=-1 & must not be negative & write 1
connectivity.weight_inh=-2.5 | connectivity.weight_inh=-2.5 & must not be negative & write 2.5
connectivity.inh_to_inh.weight=-1 | connectivity.inh_to_inh.weight=-1 & must not be negative
connectivity.weight_exc={distribution:normal,mean:1,std:1} | can be negative & give it low: 0
connectivity=fixed_in_degree connectivity.in_degree_exc=1201 | connectivity.in_degree_exc=1201 & at most 1200
connectivity=fixed_in_degree connectivity.in_degree_inh=300 connectivity.allow_self_connections=false | at most 299
connectivity=fixed_in_degree connectivity.in_degree_inh=-1 | connectivity.in_degree_inh=-1 & at least 0
connectivity=one_to_one | connectivity.rule=one_to_one & exc has 1200 cells and inh has 300; give both one size
connectivity=fixed_total_number connectivity.synapses=-1 | connectivity.synapses=-1 & at least 0
connectivity=fixed_total_number connectivity.synapses=90001 connectivity.with_replacement=false | at most 90000
connectivity=fixed_total_number connectivity.inh_to_inh.synapses=2.5 | inh_to_inh.synapses=2.5 is not a whole number
connectivity=fixed_total_number connectivity.synapses=3000000000 | synapses=3000000000 & from 0 to 2147483647
connectivity=small_world connectivity.k=5 | connectivity.k=5 must be even & write 4 or 6
connectivity=small_world connectivity.inh_to_inh.k=300 | connectivity.inh_to_inh.k=300 & at most 299 & other inh cells
connectivity=small_world connectivity.exc_to_inh.k=302 | connectivity.exc_to_inh.k=302 & at most 300, the number of inh
connectivity=small_world connectivity.rewiring=1.5 | connectivity.rewiring=1.5 & from 0 to 1
connectivity=all_to_all connectivity.n=100000 | connectivity.n=100000 needs & 1e+10 synapses & take fewer cells
connectivity=pairwise_bernoulli connectivity.p=1.5 | connectivity.p=1.5 is 1.5 somewhere on the sheet & from 0 to 1
connectivity=pairwise_bernoulli connectivity.p="'0.1-d'" | connectivity.p=0.1-d is -0. & clip(..., 0, 1)
connectivity=pairwise_bernoulli connectivity.p="'exp(-r)'" | connectivity.p & uses r, which is unknown & d, dx, dy
connectivity=pairwise_bernoulli connectivity.p="'0.1/d'" | connectivity.p & a division by zero at d=0
connectivity=pairwise_bernoulli connectivity.exc_to_inh.p="'__import__(1)'" | exc_to_inh.p & which is unknown
connectivity=pairwise_bernoulli connectivity.sheet_mm=-1 | connectivity.sheet_mm=-1 & greater than 0
connectivity=from_file | connectivity.file=null names no file for exc_to_exc
connectivity=from_file connectivity.file=nothing.csv | connectivity.file=nothing.csv is not there
connectivity=from_file connectivity.file=/ | connectivity.file=/ is a folder
connectivity=from_file connectivity.file=/etc/passwd | connectivity.file=/etc/passwd must end in .csv, .npz, .h5
connectivity=distance_dependent connectivity.kernel=gaussien | kernel=gaussien & exponential; did you mean gaussian?
connectivity=distance_dependent connectivity.scale_mm=0 | connectivity.scale_mm=0 & greater than 0 mm
connectivity=distance_dependent connectivity.p_max=1.1 | connectivity.p_max=1.1 & from 0 to 1
connectivity=distance_dependent connectivity.velocity_mm_per_ms=0 | connectivity.velocity_mm_per_ms=0 & greater than 0
connectivity=distance_dependent connectivity.velocity_mm_per_ms=1e-9 | velocity_mm_per_ms=1e-09 & raise it
cell=izhikevitch | cell=izhikevitch & if_cond_exp, & did you mean izhikevich?
cell.tau_syn_e=3 | cell.tau_syn_e is unknown & cell=izhikevich has & did you mean cell.tau_syn_E?
cell.a=fast | cell.a=fast is not a number & {distribution: NAME
cell.a=true | cell.a=true is not a number
cell.a=2 | cell.a=2 & at most 1/dt_ms=1
cell.tau_syn_E=0 | cell.tau_syn_E=0 & greater than 0 ms
cell.c=40 | cell.c=40 & below & 30 mV
cell.v_init=rest | cell.v_init=rest is not a number & {distribution: NAME, ...}
cell.v_init.std=3 | cell.v_init.std is unknown & uniform & write it whole
cell.model=if_cond_exp | cell.model=if_cond_exp cannot be changed & cell=OPTION
cell.integrator=rk4 | cell.integrator=rk4 & cell=izhikevich on backend=brian2 & euler, spinnaker
cell=if_cond_exp cell.v_reset=-40 | cell.v_reset=-40 & below cell.v_thresh=-50 mV
cell=if_cond_exp cell.tau_refrac=1.5 | cell.tau_refrac=1.5 & multiple & 1 or 2
cell=if_cond_exp cell.tau_refrac=3000000000 | cell.tau_refrac=3000000000 & 3e+09 steps
connectivity.delay_ms={distribution:lognormal,mean:9,std:999,low:1} | 100000 steps & give it a high of 100000
cell=if_cond_exp cell.tau_m=0 | cell.tau_m=0 & greater than 0 ms
cell=if_cond_exp cell.integrator=euler cell.tau_m=0.5 | cell.tau_m=0.5 & cell.integrator=euler & at least 1 ms
cell=if_cond_exp cell.cm=1e-300 | cell.cm=1e-300 & from 1e-15 to
cell=if_cond_exp cell.cm=-0.2 | cell.cm=-0.2 & greater than 0 nF
stimulus.targets=[] | stimulus.targets=[] reaches nobody & stimulus=none
stimulus.targets=[excitatory] | holds excitatory & exc, inh; did you mean exc?
stimulus.targets=[exc,exc] | names exc twice
stimulus.rate_hz=2000 | stimulus.rate_hz=2000 & at most 1000 Hz & stimulus.law=poisson
stimulus.rate_hz={distribution:normal,mean:100,std:20,low:0} | more than one spike in a step & high: 1000
stimulus.law=gauss | stimulus.law=gauss & poisson, bernoulli
stimulus=background_poisson stimulus.rate_hz=-5 | stimulus.rate_hz=-5 & positive number of Hz
stimulus=background_poisson stimulus.rate_hz={distribution:normal,mean:100,std:20} | can be negative & low: 0
stimulus=background_poisson stimulus.rate_hz=[] | stimulus.rate_hz=[] has no row & [[TIME_MS, RATE_HZ], ...]
stimulus=background_poisson stimulus.rate_hz=[100] | stimulus.rate_hz[0]=100 is not a time and a rate
stimulus=background_poisson stimulus.rate_hz=[[0,100,3]] | stimulus.rate_hz[0]=[0, 100, 3] & [[TIME_MS, RATE_HZ], ...]
stimulus=background_poisson stimulus.rate_hz=[[0,much]] | stimulus.rate_hz[0]=[0, much] is not a time and a rate
stimulus=background_poisson stimulus.rate_hz=[[0,100],[0,50]] | stimulus.rate_hz[1]=[0, 50] & sort the rows by time
stimulus=background_poisson stimulus.rate_hz=[[2000,100]] | stimulus.rate_hz[0]=[2000, 100] & outside the run of 1000 ms
stimulus=background_poisson stimulus.rate_hz=[[0.5,100]] | stimulus.rate_hz[0]=0.5 & multiple
stimulus=background_poisson stimulus.rate_hz=[[0,-1]] | stimulus.rate_hz[0]=[0, -1] has a negative rate
stimulus=background_poisson stimulus.rate_hz=[[0,0]] | 0 Hz all the time & stimulus=none
stimulus=background_poisson stimulus.rate_hz=often | stimulus.rate_hz=often is not a number
stimulus=ramp_current stimulus.start_ms=2000 | stimulus.start_ms=2000 is not within the run
stimulus=ramp_current stimulus.duration_ms=0.5 | stimulus.duration_ms=0.5 must be a multiple
stimulus=sine_current stimulus.frequency_hz=0 | stimulus.frequency_hz=0 must be greater than 0 Hz
stimulus=sine_current stimulus.frequency_hz=500 | stimulus.frequency_hz=500 has fewer than two steps & below 500 Hz
stimulus=noisy_current stimulus.std=-1 | stimulus.std=-1
stimulus=noisy_current stimulus.interval_ms=0.3 | stimulus.interval_ms=0.3 must be a multiple
stimulus=noisy_current stimulus.each_cell=perhaps | stimulus.each_cell=perhaps
stimulus=pulse_current stimulus.starts_ms=[] | stimulus.starts_ms=[] names no pulse & stimulus=none
stimulus=pulse_current stimulus.starts_ms=[10,12] | stimulus.width_ms=5 is longer than from the pulse at 10 ms
stimulus=pulse_current stimulus.starts_ms=[20,10] | 10 comes too early, sort the list
stimulus=pulse_current stimulus.width_ms=0 | stimulus.width_ms=0
stimulus=pulse_current stimulus.starts_ms=[5000] | stimulus.starts_ms=5000 is not within the run
stimulus=spike_file | stimulus.file=null names no file & stimulus.file=PATH
stimulus=spike_file stimulus.file=none.csv | stimulus.file=none.csv cannot be read (No such file
stimulus=spike_file stimulus.file=. | stimulus.file=. cannot be read
stimulus=spike_file stimulus.wiring=some | stimulus.wiring=some & random, one_to_one
stimulus.rate_hz=0 | stimulus.rate_hz=0 & stimulus=none
stimulus.start_ms=1000 | stimulus.start_ms=1000 is not within the run & simulation.duration_ms=1000
stimulus.start_ms=0.5 | stimulus.start_ms=0.5 & multiple & write 1
stimulus.duration_ms=-5 | stimulus.duration_ms=-5 & greater than 0
stimulus.p=0 | stimulus.p=0 reaches nobody
stimulus.n_sources=0 | stimulus.n_sources=0 & from 1 to 10000000 sources
stimulus.n_sources=2147483648 | stimulus.n_sources=2147483648 & from 1 to 10000000 sources
stimulus.times_ms=[[1]] | stimulus.times_ms is unknown & stimulus=thalamic_burst has
stimulus=spike_list stimulus.times_ms=[[]] | stimulus.times_ms=[[]] holds no spike
stimulus=spike_list stimulus.times_ms=[[3,2]] | stimulus.times_ms[0]=[3, 2] & sort the list
stimulus=spike_list stimulus.times_ms=[[1],[3,3]] | stimulus.times_ms[1]=[3, 3] & must rise
stimulus=spike_list stimulus.times_ms=[[-1]] | stimulus.times_ms[0]=-1 is not within the run
stimulus=spike_list stimulus.times_ms=[[1000]] | stimulus.times_ms[0]=1000 is not within the run
stimulus=spike_list stimulus.times_ms=[[1.5]] | stimulus.times_ms[0]=1.5 & multiple & 1 or 2
stimulus=spike_list stimulus.times_ms=[1,2] | stimulus.times_ms=[1, 2] is not a list of lists of numbers (ms)
stimulus=null | stimulus=null & none, & thalamic_burst
recording.signals=v | recording.signals=v is not a list & write recording.signals=[v]
recording.signals=[v,v] | names v twice
recording.signals=[spikes] | spikes, which are always recorded
recording.signals=[w] | holds w & choose from v, u, isyn_exc, isyn_inh
cell=if_curr_exp recording.signals=[u] | holds u & choose from v, isyn_exc, isyn_inh
recording.signals=[gsyn_exc] | holds gsyn_exc & choose from v, u, isyn_exc, isyn_inh & did you mean isyn_exc?
cell=if_cond_exp recording.signals=[v,isyn_inh] | holds isyn_inh & choose from v, gsyn_exc, gsyn_inh
cell=izhikevich_delta recording.signals=[isyn_exc] | holds isyn_exc & choose from v, u
recording.signals=[isyn_exc,isyn_exc] | names isyn_exc twice
recording.populations=exc | recording.populations=exc is not a list of names or null & write recording.populations=[exc]
recording.populations=[pyr] | recording.populations=[pyr] holds pyr, which is unknown & choose from exc, inh
recording.populations=[exc,exc] | names exc twice
recording.populations=[] | names none & write recording.signals=[]
recording.populations=[1] | recording.populations=[1] holds 1 & choose from exc, inh
recording.populations=${analysis} | recording.populations refers to a group of settings & write [A, B]
recording.cells=0 | recording.cells=0 & at least 1 & recording.signals=[]
recording.cells=1.0 | recording.cells=1.0 is not a whole number or null (cells) & write 1
recording.cells=1201 | recording.cells=1201 & at most 1200
recording.interval_ms=1.5 | recording.interval_ms=1.5 & multiple
recording.interval_ms=2000 | recording.interval_ms=2000 & at most simulation.duration_ms=1000
analysis.warmup_ms=1000 | analysis.warmup_ms=1000 & less than simulation.duration_ms=1000
analysis.warmup_ms=-1 | analysis.warmup_ms=-1 & at least 0
analysis.rate_bin_ms=0 | analysis.rate_bin_ms=0 & greater than 0
analysis.correlation_bin_ms=2.5 | analysis.correlation_bin_ms=2.5 & multiple
analysis.fano_window_ms=2000 | analysis.fano_window_ms=2000 & at most simulation.duration_ms=1000
analysis.min_isis=4294967296 | analysis.min_isis=4294967296 & to 2147483647
analysis.min_isis=1 | analysis.min_isis=1 & at least 2
analysis.correlation_pairs=0 | analysis.correlation_pairs=0 & from 1 to 100000000 pairs
tracking.uri=file:///somewhere/mlruns | tracking.uri=file:///somewhere/mlruns & sqlite:////
tracking.uri=mlruns | tracking.uri=mlruns is a folder & sqlite:////
tracking.uri=htpp://host | tracking.uri=htpp://host & did you mean http?
tracking.uri=http:// | names no server
tracking.uri=http://me:secret@host | holds a password & MLFLOW_TRACKING_USERNAME
tracking.uri=https://token@host | holds a user & MLFLOW_TRACKING_TOKEN
'tracking.uri="postgresql://host/db?password=secret"' | holds the parameter password & PGPASSWORD
tracking.uri=sqlite:/// | names no file
tracking.experiment="' '" | tracking.experiment=' ' & printable
seed=-1 | seed=-1 & from 0 to
seed=1.5 | seed=1.5 is not a whole number
seed=99999999999999999999 | seed=99999999999999999999 & from 0 to
verbose=2 | verbose=2 is not true or false
backend=brain2 | backend=brain2 & did you mean brian2?
backend.codegen=numba | backend.codegen=numba & numpy, cython, cpp_standalone
backend=spinnaker cell=izhikevich_delta | does not exist on backend=spinnaker & exists on backend=brian2
experiment=va_cobra | experiment=va_cobra & did you mean va_coba?
experiment=seed_izhikevich cell=if_cond_exp | experiment/seed_izhikevich.yaml & cell.a is unknown & another cell
cells=izhikevich | cells is unknown & did you mean cell or scale.cells or recording.cells?
n=100 | n is unknown & did you mean connectivity.n?
dt=0.1 | dt is unknown & did you mean simulation.dt_ms?
duration=2000 | duration is unknown & did you mean simulation.duration_ms or stimulus.duration_ms?
cells=200 | cells is unknown & did you mean cell or scale.cells or recording.cells?
threads=2 | threads is unknown & did you mean backend.threads with backend=nest
cell.e_rev_E=0 | cell.e_rev_E is unknown & cell.e_rev_E with cell=aeif_cond_alpha
cell | cell: an = is missing & cell=OPTION
stimulu | an = is missing & did you mean stimulus?
cell.a= | cell.a=: the value is missing & cell.a=VALUE
=3 | the name before the = is missing
cell.=3 | cell.=3: cannot be read & write GROUP=OPTION or KEY=VALUE
tracking.run_name=µ | cannot be read & two kinds of quotes: 'tracking.run_name="µ"'
connectivity.delay_ms={distribution: uniform, low: 1, high: 5} | split this value at its spaces & low: 1, high: 5}'
stimulus.targets=[exc, inh] seed=2 | split this value at its spaces & quote it: 'stimulus.targets=[exc, inh]'
-m seed=1,2 stimulus.targets=[exc, inh] | split this value at its spaces & 'stimulus.targets=[exc, inh]'
cell.v_init=distribution:normal cell.v_init=mean:3 | the braces & 'cell.v_init={distribution:normal,mean:3}'
connectivity.delay_ms={distribution:uniform | cannot be read & { and } do not match
stimulus.targets=[exc | cannot be read & [ and ] do not match
cell.a=${cell.rate} | cell.a=${cell.rate}: cell.rate is unknown: cell=izhikevich has integrator, i_offset & did you mean
cell.a=${cell.weight_ex} | did you mean cell.weight_exc?
cell.a=${cel.a} | cell.a=${cel.a}: cel is unknown & did you mean cell?
'cell.v_init={distribution: uniform, low: 0, high: "${cell.rate}"}' | cell.v_init.high=${cell.rate}: cell.rate is
cell.a=${.rate} | cell.a=${.rate} cannot be resolved: it refers to an unknown setting; write a value, or ${GROUP.KEY}
cell.a=${cell.b} cell.b=${cell.a} | refers to itself; write a value
cell.a=${sum:1,2} | cell.a=${sum:1,2} names a function that does not exist & ${product:A,B}
cell.a=${product:x,2} | cell.a=${product:x,2} cannot be resolved: could not convert string to float: 'x'; write a value
connectivity.n=${connectivity.p} | connectivity.p is 0.02, which is not a whole number
cell.a=??? | cell.a=??? is not a number
stimulus.targets=${cell} | stimulus.targets refers to a group of settings & write [A, B]
recording.signals=${analysis} | recording.signals refers to a group of settings & write [A, B]
recording.signals=${connectivity.exc_to_exc} | recording.signals refers to a group of settings
stimulus=spike_list stimulus.times_ms=${recording.signals} | stimulus.times_ms refers to ['v'] & not a list of values
stimulus=spike_list stimulus.times_ms=[${cell}] | stimulus.times_ms refers to & not a list of values
stimulus.targets=[exc,inh] recording.signals=${stimulus.targets} | recording.signals=[exc, inh] holds exc
connectivity.exc_to_inh=3 | connectivity.exc_to_inh=3 & group of settings (weight, delay_ms, p)
connectivity.weight_exc.mean=1 | connectivity.weight_exc is one value & connectivity.weight_exc=VALUE
analysis={warmup_ms:20,bin:3} | analysis.bin is unknown
+new=1 | +new=1 & leave out the +
++seed=1 | ++seed=1 & leave out the +
~cell | ~cell: a setting cannot be removed
~stimulus | stimulus=none
seed=1 seed=2 | seed is given twice
seed=1,2 | seed=1,2: one run takes one value
seed=range(1,9) | one run takes one value
cell=izhikevich,if_cond_exp | one run takes one value
hydra.run.dir=out | hydra.run.dir=out & leave it out
cell@x=izhikevich | Hydra's own settings and packages
--hlep | --hlep is unknown & did you mean --help?
--cfg job | --cfg is unknown
--config-dir | --config-dir needs a value (DIR)
--config-dir= | --config-dir names no folder
comapre a b | comapre is neither a command nor a setting (KEY=VALUE) & did you mean compare?
run izhikevich | izhikevich: an = is missing
--config-dir nowhere | --config-dir nowhere is not a folder
--config-dir . | holds no option & GROUP/OPTION.yaml
--help cel | no such group & did you mean cell?
doctor brian3 | varesearch: SUBJECT brian3: must be one of memory, & did you mean brian2?
--help cell=hodgkin_huxley | cell=hodgkin_huxley & choose one of
--version now | now: --version stands alone
--backends nest | nest: --backends stands alone
"""

ROWS = [row.split(" | ") for row in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("words", "expected"), ROWS, ids=[words for words, _ in ROWS])
def test_bad_input_is_one_line_and_touches_nothing(command: Command, words: str, expected: str) -> None:
    outcome = command(shlex.split(words))
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("varesearch: ")
    assert outcome.err.count("\n") == 1 and outcome.err.endswith("\n")
    for part in expected.split(" & "):
        assert part in outcome.err
    assert outcome.files == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://me:secret@host",
        "https://secret@host:5000",
        "http://me:sec/ret@host",
        "http://me:sec@ret@host",
        "postgresql://me:secret@host/runs",
        "postgresql+psycopg2://host/runs?user=me&password=secret",
        "postgresql://host/runs?sslmode=require&sslpassword=secret",
        "mysql://host/runs?passwd=secret",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx;PWD%3Dsecret",
        "https://host/?access_token=secret",
        "https://host/#api-key=secret",
    ],
)
@pytest.mark.parametrize("words", [[], ["tracking.uri=null"], ["-m", "seed=1,2"], ["=3"]])
def test_a_credential_in_an_address_is_refused_and_not_repeated(command: Command, uri: str, words: list[str]) -> None:
    """Whatever else is wrong: a word that is given twice is repeated by the message."""
    outcome = command([f'tracking.uri="{uri}"', *words])
    assert outcome.code == 2 and outcome.err.count("\n") == 1
    assert "secret" not in outcome.err and "ret@" not in outcome.err and "sec/" not in outcome.err
    assert outcome.files == []


@pytest.mark.parametrize(
    "word",
    [
        "seed=" + "9" * 5_000,
        "cell.d=" + "9" * 5_000,
        "cell.d=" + "9" * 400,
        "cell.d=1e" + "9" * 5_000,
        "connectivity.n=" + "9" * 400,
        "cell.v_init={distribution: uniform, low: 1, high: " + "9" * 5_000 + "}",
        "seed=range(" + "9" * 5_000 + ")",
        "stimulus.n_sources=" + "9" * 400,
        "cell.a=" + "x" * 10_000,
        "cell.a=" + "[" * 3_000 + "]" * 3_000,
        "cell." + "b" * 10_000 + "=3",
        "b" * 10_000 + "=3",
        "b" * 10_000,
        "cell=" + "b" * 10_000,
        "--" + "b" * 10_000,
        "--config-dir=" + "b" * 10_000,
        "stimulus.targets=[" + ",".join(["exc"] * 3_000) + "]",
        "stimulus=spike_list stimulus.times_ms=[[" + ",".join(["3"] * 3_000) + "]]",
        "tracking.run_name=" + "b" * 10_000,
        "tracking.uri=http://" + "b" * 10_000,
        "tracking.uri=sqlite:///" + "b" * 10_000,
    ],
    ids=lambda word: word[:40],
)
@pytest.mark.parametrize("multirun", [[], ["-m", "connectivity.p=0.1,0.2"]], ids=["run", "sweep"])
def test_what_is_absurdly_long_is_one_short_line(command: Command, word: str, multirun: list[str]) -> None:
    outcome = command([*multirun, *(word.split() if "spike_list" in word else [word])])
    assert (outcome.code, outcome.out, outcome.files) == (2, "", [])
    assert outcome.err.count("\n") == 1 and len(outcome.err) < 1000
    assert " characters)" in outcome.err or "inf" in outcome.err


def test_a_dry_run_does_not_hide_bad_input(command: Command) -> None:
    outcome = command(["dry_run=true", "connectivity.p=2"])
    assert (outcome.code, outcome.out) == (2, "")
