// Izhikevich's cells as NEST extension modules. A file that includes this one defines CELL, the name of the class,
// NAME, the same as a string, and, for conductances instead of currents, CONDUCTANCES.
//
//   dv/dt = 0.04 v^2 + 5 v + 140 - u + I_e + input,   du/dt = a (b v - u)
//   v >= 30 mV: a spike, v = c, u += d                       (Izhikevich 2003, eqs. 1-3)
//
// The input is s_ex + s_in for currents (in mV/ms), s_ex (E_ex - v) + s_in (E_in - v) for conductances (in 1/ms).
//
// A step: what arrives is added to s_ex and s_in; v and u take one step of forward Euler; s_ex and s_in decay by
// exp(-h / tau), which is exact; then the threshold. Weights are in the unit of s; a negative weight goes to s_in, with
// its sign for a current, as a magnitude for a conductance. So a spike with a delay of n steps acts in the n-th step
// after the one it was fired in. The recordables I_syn_ex and I_syn_in, or g_ex and g_in, are what acted in the step.

#ifndef CELL
#error "define CELL and NAME, and perhaps CONDUCTANCES"
#endif

#include "config.h"
// Only used by NEST's headers for sorting and for printing types, neither of which is needed here.
#undef HAVE_BOOST

#include <cmath>
#include <string>

#include "archiving_node.h"
#include "dict_util.h"
#include "event_delivery_manager_impl.h"
#include "nest_extension_interface.h"
#include "recordables_map.h"
#include "ring_buffer.h"
#include "universal_data_logger_impl.h"

namespace varesearch {

class CELL;

} // namespace varesearch

namespace nest {

template <> void RecordablesMap<varesearch::CELL>::create();

} // namespace nest

namespace varesearch {

class CELL : public nest::ArchivingNode {
  public:
    CELL() : logger_(*this) {
        recordables_.create();
    }

    CELL(const CELL &other) : nest::ArchivingNode(other), cell_(other.cell_), state_(other.state_), logger_(*this) {
    }

    using nest::Node::handle;
    using nest::Node::handles_test_event;

    size_t send_test_event(nest::Node &target, size_t receptor, nest::synindex, bool) override {
        nest::SpikeEvent spike;
        spike.set_sender(*this);
        return target.handles_test_event(spike, receptor);
    }

    size_t handles_test_event(nest::SpikeEvent &, size_t receptor) override {
        return only_receptor_(receptor);
    }

    size_t handles_test_event(nest::CurrentEvent &, size_t receptor) override {
        return only_receptor_(receptor);
    }

    size_t handles_test_event(nest::DataLoggingRequest &request, size_t receptor) override {
        only_receptor_(receptor);
        return logger_.connect_logging_device(request, recordables_);
    }

    void handle(nest::SpikeEvent &spike) override {
        const long lag = spike.get_rel_delivery_steps(nest::kernel().simulation_manager.get_slice_origin());
        const bool inhibits = spike.get_weight() < 0.0;
        const double input = spike.get_weight() * spike.get_multiplicity();
#ifdef CONDUCTANCES
        (inhibits ? inhibition_ : excitation_).add_value(lag, inhibits ? -input : input);
#else
        (inhibits ? inhibition_ : excitation_).add_value(lag, input);
#endif
    }

    void handle(nest::CurrentEvent &current) override {
        const long lag = current.get_rel_delivery_steps(nest::kernel().simulation_manager.get_slice_origin());
        currents_.add_value(lag, current.get_weight() * current.get_current());
    }

    void handle(nest::DataLoggingRequest &request) override {
        logger_.handle(request);
    }

    void get_status(Dictionary &status) const override {
        status["a"] = cell_.a;
        status["b"] = cell_.b;
        status["c"] = cell_.c;
        status["d"] = cell_.d;
        status["I_e"] = cell_.I_e;
#ifdef CONDUCTANCES
        status["E_ex"] = cell_.E_ex;
        status["E_in"] = cell_.E_in;
#endif
        status["tau_syn_ex"] = cell_.tau_syn_ex;
        status["tau_syn_in"] = cell_.tau_syn_in;
        status["V_m"] = state_.v;
        status["U_m"] = state_.u;
        nest::ArchivingNode::get_status(status);
        status["recordables"] = recordables_.get_list();
    }

    void set_status(const Dictionary &status) override {
        Cell cell = cell_;
        State state = state_;
        nest::update_value_param(status, "a", cell.a, this);
        nest::update_value_param(status, "b", cell.b, this);
        nest::update_value_param(status, "c", cell.c, this);
        nest::update_value_param(status, "d", cell.d, this);
        nest::update_value_param(status, "I_e", cell.I_e, this);
#ifdef CONDUCTANCES
        nest::update_value_param(status, "E_ex", cell.E_ex, this);
        nest::update_value_param(status, "E_in", cell.E_in, this);
#endif
        nest::update_value_param(status, "tau_syn_ex", cell.tau_syn_ex, this);
        nest::update_value_param(status, "tau_syn_in", cell.tau_syn_in, this);
        nest::update_value_param(status, "V_m", state.v, this);
        nest::update_value_param(status, "U_m", state.u, this);
        if (cell.tau_syn_ex <= 0.0 or cell.tau_syn_in <= 0.0) {
            throw nest::BadProperty("tau_syn_ex and tau_syn_in must be positive.");
        }
        nest::ArchivingNode::set_status(status);
        cell_ = cell;
        state_ = state;
    }

  private:
    friend class nest::RecordablesMap<CELL>;
    friend class nest::UniversalDataLogger<CELL>;

    static constexpr double threshold_mV = 30.0;

    struct Cell {
        double a = 0.02;
        double b = 0.2;
        double c = -65.0;
        double d = 8.0;
        double I_e = 0.0;
        double E_ex = 0.0;
        double E_in = -70.0;
        double tau_syn_ex = 5.0;
        double tau_syn_in = 5.0;
    };

    struct State {
        double v = -65.0;
        double u = -13.0;
        double s_ex = 0.0;
        double s_in = 0.0;
        double acted_ex = 0.0;
        double acted_in = 0.0;
        double I_stim = 0.0; // of generators; as in NEST's own cells, it acts in the step after it arrives
    };

    size_t only_receptor_(size_t receptor) const {
        if (receptor != 0) {
            throw nest::UnknownReceptorType(static_cast<long>(receptor), get_name());
        }
        return 0;
    }

    void init_buffers_() override {
        excitation_.clear();
        inhibition_.clear();
        currents_.clear();
        logger_.reset();
        nest::ArchivingNode::clear_history();
    }

    void pre_run_hook() override {
        logger_.init();
        step_ms_ = nest::Time::get_resolution().get_ms();
        decay_ex_ = std::exp(-step_ms_ / cell_.tau_syn_ex);
        decay_in_ = std::exp(-step_ms_ / cell_.tau_syn_in);
    }

    void update(const nest::Time &origin, const long from, const long to) override {
        for (long lag = from; lag < to; ++lag) {
            state_.s_ex += excitation_.get_value(lag);
            state_.s_in += inhibition_.get_value(lag);
            state_.acted_ex = state_.s_ex;
            state_.acted_in = state_.s_in;
            const double v = state_.v;
            const double u = state_.u;
            const double current = cell_.I_e + state_.I_stim;
#ifdef CONDUCTANCES
            const double excitation = state_.s_ex * (cell_.E_ex - v);
            const double inhibition = state_.s_in * (cell_.E_in - v);
#else
            const double excitation = state_.s_ex;
            const double inhibition = state_.s_in;
#endif
            const double slope = 0.04 * v * v + 5.0 * v + 140.0 - u + current + excitation + inhibition;
            state_.u = u + step_ms_ * cell_.a * (cell_.b * v - u);
            state_.v = v + step_ms_ * slope;
            state_.s_ex *= decay_ex_;
            state_.s_in *= decay_in_;
            state_.I_stim = currents_.get_value(lag);
            if (state_.v >= threshold_mV) {
                state_.v = cell_.c;
                state_.u += cell_.d;
                set_spiketime(nest::Time::step(origin.get_steps() + lag + 1));
                nest::SpikeEvent spike;
                nest::kernel().event_delivery_manager.send(*this, spike, lag);
            }
            logger_.record_data(origin.get_steps() + lag);
        }
    }

    double v_() const {
        return state_.v;
    }

    double u_() const {
        return state_.u;
    }

    double acted_ex_() const {
        return state_.acted_ex;
    }

    double acted_in_() const {
        return state_.acted_in;
    }

    Cell cell_;
    State state_;
    double step_ms_ = 0.0;
    double decay_ex_ = 0.0;
    double decay_in_ = 0.0;
    nest::RingBuffer excitation_;
    nest::RingBuffer inhibition_;
    nest::RingBuffer currents_;
    nest::UniversalDataLogger<CELL> logger_;

    static nest::RecordablesMap<CELL> recordables_;
};

nest::RecordablesMap<CELL> CELL::recordables_;

} // namespace varesearch

namespace nest {

template <> void RecordablesMap<varesearch::CELL>::create() {
    insert_("V_m", &varesearch::CELL::v_);
    insert_("U_m", &varesearch::CELL::u_);
#ifdef CONDUCTANCES
    insert_("g_ex", &varesearch::CELL::acted_ex_);
    insert_("g_in", &varesearch::CELL::acted_in_);
#else
    insert_("I_syn_ex", &varesearch::CELL::acted_ex_);
    insert_("I_syn_in", &varesearch::CELL::acted_in_);
#endif
}

} // namespace nest

namespace varesearch {

class Module : public nest::NESTExtensionInterface {
    void initialize() override {
        nest::register_node_model<CELL>(NAME, "");
    }
};

} // namespace varesearch

// The symbol that libltdl looks for whatever the name of the file is.
varesearch::Module module;
