import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Connects as often as it is told, with a context that it keeps or with a new one. */
public class Client {
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        SSLContext kept = SSLContext.getDefault();

        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");

            System.out.println(visit(words[0].equals("kept") ? kept : newContext(),
                    words[1], Integer.parseInt(words[2])));
        }
    }

    private static SSLContext newContext() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");

        context.init(null, null, null);
        return context;
    }

    private static String visit(SSLContext context, String host, int port) {
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(host, port)) {
            SSLParameters parameters = socket.getSSLParameters();

            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.setSoTimeout(30_000);
            socket.startHandshake();
            return "trusted";
        } catch (SSLHandshakeException refusal) {
            String text = refusal.getMessage().replace('\n', ' ');

            return (text.contains("unable to find valid certification path") ? "refused: "
                    : "error: ") + text;
        } catch (IOException error) {
            return "error: " + error;
        }
    }
}
