using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Worlds;

/// <summary>What may happen.</summary>
internal sealed partial class SmallWorld
{
    private void AddWorkerSteps(List<Step> steps)
    {
        foreach (WorkerState ws in workers)
        {
            steps.Add(new Step(() => $"{ws.Name} leaves", () => Leave(ws)));
        }
        if (workersAdded < rules.MaxWorkers)
        {
            steps.Add(new Step(() => "a worker comes", Join));
        }
    }

    private void AddClientSteps(List<Step> steps)
    {
        foreach (ClientState cs in clients)
        {
            foreach (TaskState ts in cs.WantsWhat)
            {
                Key[] keys = [ts.Key];
                steps.Add(new Step(() => $"{cs.ClientKey} releases {ts.Key}", () => State.ClientReleasesKeys(keys, cs, stimulus)));
                steps.Add(new Step(
                    () => $"{cs.ClientKey} cancels {ts.Key}", () => State.Cancel(keys, cs.ClientKey, rules.Oddities, "test", null, 1000)));
            }
        }
        foreach (Key key in Keys)
        {
            if (State.Tasks.Find(key) is { State: TaskStateName.Erred })
            {
                steps.Add(new Step(() => $"retry {key}", () => State.Retry([key], null, 1000)));
            }
        }
    }

    private void AddReplicaSteps(List<Step> steps)
    {
        foreach (WorkerState ws in workers)
        {
            foreach (Key key in Keys)
            {
                bool holds = State.Tasks.Find(key) is { } ts && ts.WhoHas.Contains(ws);
                steps.Add(holds
                    ? new Step(() => $"{ws.Name} drops {key}", () => State.ReleaseWorkerData(ws, key.Token, stimulus))
                    : new Step(() => $"{ws.Name} adds {key}", () => State.AddKeys(ws, [key], stimulus)));
            }
        }
    }

    private void AddOddSteps(List<Step> steps)
    {
        foreach (WorkerState ws in workers)
        {
            WorkerStatus other = ws.Status == WorkerStatus.Running ? WorkerStatus.Paused : WorkerStatus.Running;
            steps.Add(new Step(() => $"{ws.Name} is {other}", () => State.WorkerStatusChange(ws, other, stimulus)));
        }
        foreach ((WorkerState ws, Key key, long run) in sent)
        {
            steps.Add(new Step(() => $"{key} secedes", () => State.LongRunning(ws, key.Token, run, 0.5, stimulus)));
            steps.Add(new Step(() => $"{key} is given back", () => State.Reschedule(ws, key.Token, stimulus)));
        }
        for (int client = 0; client < clients.Count; client++)
        {
            int number = client;
            steps.Add(new Step(() => $"client {number} submits again", () => Submit(number)));
        }
        AddStealSteps(steps);
        foreach (Key key in workers.Count > 0 && clients.Count > 0 ? Keys : [])
        {
            steps.Add(new Step(() => $"{key} is scattered", () => Scatter(key)));
        }
    }

    private void AddStealSteps(List<Step> steps)
    {
        foreach (TaskState ts in Keys.Select(State.Tasks.Find).OfType<TaskState>())
        {
            if (ts.StealLevel >= 0 && ts.ProcessingOn is { } victim && workers.Find(ws => !ReferenceEquals(ws, victim)) is { } thief)
            {
                steps.Add(new Step(() => $"{thief.Name} asks for {ts.Key}", () => State.Stealing.Request(ts, victim, thief)));
            }
            if (State.Stealing.Requests.TryGetValue(ts, out StealRequest? request))
            {
                foreach (string? answer in (string?[])["ready", "executing", "released", null])
                {
                    steps.Add(new Step(
                        () => $"{request.Victim.Name} answers {ts.Key} is {answer}",
                        () => State.Stealing.Confirm(request.Victim, ts.Key.Token, answer, request.StimulusId)));
                }
            }
        }
    }

    private void AddRetirementSteps(List<Step> steps)
    {
        steps.Add(new Step(() => "the memory manager runs", State.MemoryManager.RunOnce));
        foreach (WorkerState ws in workers)
        {
            Retirement? retirement = retirements.Find(r => r.Workers.Contains(ws));
            if (retirement is null)
            {
                steps.Add(new Step(() => $"{ws.Name} retires", () => retirements.Add(Retirement.Begin(State, [ws], stimulus, 1000))));
            }
            else if (retirement.IsDone(ws))
            {
                steps.Add(new Step(() => $"{ws.Name} has retired", () => EndRetirement(retirement, ws)));
            }
        }
    }

    private void EndRetirement(Retirement retirement, WorkerState ws)
    {
        retirements.Remove(retirement);
        if (retirement.Finish(ws, close: true, remove: true, 1000))
        {
            retirement.End([ws], 1000);
            workers.Remove(ws);
            sent.RemoveAll(s => ReferenceEquals(s.Worker, ws));
            return;
        }
        retirement.End([], 1000);
        State.WorkerStatusChange(ws, WorkerStatus.Running, stimulus);
    }

    private void Leave(WorkerState ws)
    {
        workers.Remove(ws);
        sent.RemoveAll(s => ReferenceEquals(s.Worker, ws));
        State.WorkerStreamEnded(ws, 1000);
    }

    private void Scatter(Key key) => State.UpdateData(
        new UpdateData([new(key, [workers[0].Address])], new Dictionary<Key, long> { [key] = 7 }, clients[0].ClientKey), 1000);

    private void Report(WorkerState ws, Key key, long run, bool erred)
    {
        sent.Remove((ws, key, run));
        Message message = new Message(erred ? "task-erred" : "task-finished")
            .With("key", key)
            .With("stimulus_id", "report");
        if (rules.Options.Dialect.RunIds)
        {
            message.With("run_id", run);
        }
        if (erred)
        {
            message.With("exception", "exception"u8.ToArray()).With("traceback", null);
        }
        else
        {
            message.With("nbytes", 8 + run).With("typename", "int").With("type", "type"u8.ToArray());
        }
        var reader = new MessageReader(Message.Encode(message));
        State.Receive(ws, ref reader, 1000);
    }
}
